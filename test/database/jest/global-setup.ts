import { writeSync } from 'node:fs';
import { ensureNativeSqlite } from '../native-sqlite';
import { parseSelection, type Selection, serverKindsOf } from '../selection';
import { ensureServersInstalled, type ServerKind, Supervisor, startServer, testsWithoutServers } from '../servers';
import { publishTestRun } from '../test-run';
import { lastLines } from './last-lines';
import { runFault } from './run-fault';
import { runState } from './run-state';

const serverCounts: Readonly<Record<ServerKind, number>> = { mariadb: 3, postgres: 2 };

/** Brings up what the run needs, before any test; a machine that lacks it fails the run with one message that says what to install. */
export default async function globalSetup(): Promise<void> {
  const selection = selectionOfRun();
  requireMachine(selection);
  const state = runState();
  state.files = await Supervisor.start();
  const kinds = serverKindsOf(selection).flatMap((kind) => Array.from({ length: serverCounts[kind] }, () => kind));
  state.servers = await Promise.all(kinds.map((kind) => startServer(kind)));
  const servers = state.servers.map(({ kind, host, port, username, password }) => ({ kind, host, port, username, password }));
  publishTestRun({ files: state.files.directory, servers });
  process.once('exit', () => printLastLines(selection));
}

function selectionOfRun(): Selection {
  try {
    return parseSelection();
  } catch (error) {
    throw runFault((error as Error).message);
  }
}

/** Runs all checks before it fails, so that one message names all that is missing. */
function requireMachine(selection: Selection): void {
  const checks = [
    () => ensureServersInstalled(serverKindsOf(selection), testsWithoutServers),
    () => (selection.names.includes('sqlite') ? ensureNativeSqlite() : undefined),
  ];
  const faults = checks.flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  if (faults.length > 0) {
    throw runFault(faults.join('\n\n'));
  }
}

/** At the exit of the process, because jest prints its summary, and what it has to say about a failed tear-down, before. */
function printLastLines(selection: Selection): void {
  const { results, leaks = 0 } = runState();
  if (results) {
    writeToStdout(`${lastLines(results, leaks, selection).join('\n')}\n`);
  }
}

/** Writes past process.stdout, which jest makes deaf when it exits after an error. */
function writeToStdout(text: string): void {
  for (;;) {
    try {
      writeSync(1, text);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        throw error; // EAGAIN: the reader of the pipe is slow; it has to take this as well.
      }
    }
  }
}
