import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findBinaries, requiredPrograms } from './binaries';
import type { ServerKind } from './server';

const titles: Readonly<Record<ServerKind, string>> = { mariadb: 'MariaDB', postgres: 'PostgreSQL' };
const aptPackages: Readonly<Record<ServerKind, string>> = { mariadb: 'mariadb-server', postgres: 'postgresql' };
const brewFormulas: Readonly<Record<ServerKind, string>> = { mariadb: 'mariadb', postgres: 'postgresql@17' };
/** How to run the tests on a machine without the servers. */
export const testsWithoutServers: readonly string[] = [
  `  Docker:          docker run --rm -v "$PWD":/source:ro node:20-bookworm sh -c 'cp -r /source /work && cd /work && npm ci && npm test'`,
  'To leave servers out on purpose, name what to run on: TEST_DATABASES=sqlite npm test (any of sqlite,mariadb,postgres).',
];
const policyFile = '/usr/sbin/policy-rc.d';

/** The programs of servers are not there; the message says what to install. */
export class MissingServersError extends Error {
  override readonly name = 'MissingServersError';
}

/**
 * Makes sure that the programs of these servers are there; as root on Debian it installs what is missing.
 *
 * @param otherWays - lines of the message that say how to do without them.
 * @throws {MissingServersError} once for all kinds.
 */
export function ensureServersInstalled(kinds: readonly ServerKind[], otherWays: readonly string[] = []): void {
  const missing = missingOf(kinds);
  if (missing.length === 0) {
    return;
  }
  const failure = canInstall() ? installWithApt(missing) : undefined;
  const stillMissing = missingOf(kinds);
  if (stillMissing.length > 0) {
    throw new MissingServersError(missingServersMessage(stillMissing, { failure, otherWays }));
  }
}

/** What the message about missing servers says beside how to install them. */
interface MissingServersText {
  /** Why apt-get could not bring them. */
  readonly failure?: string | undefined;
  readonly otherWays?: readonly string[];
}

/** Says what is missing and how to install it with apt and Homebrew. */
export function missingServersMessage(missing: readonly ServerKind[], { failure, otherWays = [] }: MissingServersText = {}): string {
  const list = missing.map((kind) => `${titles[kind]} (${requiredPrograms[kind].join(', ')})`).join(' and ');
  return [
    `This runs on real database servers, and this machine has no ${list}. Install, then run the same command again:`,
    `  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.map((kind) => aptPackages[kind]).join(' ')}`,
    `  macOS:           brew install ${missing.map((kind) => brewFormulas[kind]).join(' ')}`,
    ...otherWays,
    ...(failure === undefined ? [] : [`apt-get was tried and failed: ${failure}`]),
  ].join('\n');
}

function missingOf(kinds: readonly ServerKind[]): readonly ServerKind[] {
  return kinds.filter((kind) => findBinaries(kind) === undefined);
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

/** @returns what went wrong, undefined when nothing did. */
function installWithApt(kinds: readonly ServerKind[]): string | undefined {
  const packages = kinds.map((kind) => aptPackages[kind]);
  console.error(`Installing ${packages.join(' and ')} with apt-get, because they are needed …`);
  return withoutServiceStart(() => {
    // A failed update is not final: the lists on the machine may do.
    const update = apt(['update']);
    const install = apt(['install', '-y', '--no-install-recommends', ...packages]);
    return install === undefined ? undefined : [update, install].filter((text) => text !== undefined).join('\n');
  });
}

function apt(args: readonly string[]): string | undefined {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error, stderr } = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], { env, encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr).trim().slice(-1_000);
}

/** Debian starts a service as soon as it is installed, unless this file forbids it (as it does in most container images). */
function withoutServiceStart<T>(work: () => T): T {
  if (existsSync(policyFile)) {
    return work();
  }
  writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return work();
  } finally {
    rmSync(policyFile);
  }
}
