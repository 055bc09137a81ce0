import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Binaries, findBinaries } from './binaries';
import { findFreePort } from './free-port';
import { ensureServersInstalled } from './installation';
import { mariadbRecipe } from './mariadb';
import { postgresRecipe } from './postgres';
import { type ServerRecipe, serverUser } from './recipe';
import type { PrivateServer, ServerAddress, ServerKind } from './server';
import { runSql } from './sql';
import { type ServerSignal, Supervisor } from './supervisor';
import { findSystemAccount } from './system-account';
import { waitUntil } from './wait-until';

const recipes: Readonly<Record<ServerKind, ServerRecipe>> = { mariadb: mariadbRecipe, postgres: postgresRecipe };
const readyDeadlineMs = 60_000;
const portAttempts = 5;

/** How a throwaway server is started. */
export interface StartServerOptions {
  /** The loopback port. @defaultValue a free one */
  readonly port?: number;
  /** Arguments after those that all servers of the kind have. */
  readonly more?: readonly string[];
}

/**
 * Starts a throwaway server on a loopback port and waits until it answers.
 *
 * Several may be started at once. It does not keep the process alive, and it goes with it, however that ends.
 *
 * @throws Error that says what to install when its programs are missing, or shows the end of the server's log when it does not start.
 */
export async function startServer(kind: ServerKind, { port, more = [] }: StartServerOptions = {}): Promise<PrivateServer> {
  ensureServersInstalled([kind]);
  const recipe = recipes[kind];
  const supervisor = await Supervisor.start({ account: findSystemAccount(recipe.systemUser), stopSignal: recipe.stopSignal });
  try {
    const server = new ThrowawayServer(kind, supervisor, findBinaries(kind)!, more);
    await server.create(port);
    return server;
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

class ThrowawayServer implements PrivateServer {
  readonly host = '127.0.0.1';
  readonly username = serverUser;
  // Letters and digits, so that no SQL has to quote it.
  readonly password = randomBytes(12).toString('hex');
  readonly #supervisor: Supervisor;
  readonly #binaries: Binaries;
  #port = 0;

  constructor(
    readonly kind: ServerKind,
    supervisor: Supervisor,
    binaries: Binaries,
    readonly more: readonly string[],
  ) {
    this.#supervisor = supervisor;
    this.#binaries = binaries;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number | undefined {
    return this.#supervisor.serverPid;
  }

  get directory(): string {
    return this.#supervisor.directory;
  }

  /** Makes the data and starts the server; where no port is asked for, on another one when somebody was faster. */
  async create(port?: number): Promise<void> {
    await recipes[this.kind].prepare(this.#supervisor, this.#binaries, this.password);
    for (let attempt = port === undefined ? 1 : portAttempts; ; attempt++) {
      this.#port = port ?? (await findFreePort());
      try {
        return await this.#start();
      } catch (error) {
        if (attempt === portAttempts || !(await this.#logEnd()).includes('Address already in use')) {
          throw error;
        }
      }
    }
  }

  kill(signal: ServerSignal): Promise<void> {
    return this.#supervisor.signal(signal);
  }

  async restart(): Promise<void> {
    await this.kill('SIGKILL');
    await this.#start();
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
  }

  async #start(): Promise<void> {
    const [file, ...args] = recipes[this.kind].command(this.directory, this.#binaries, this.port);
    await this.#supervisor.startServer(file, [...args, ...this.more]);
    await waitUntil(() => this.#isReady(), { what: `${this.kind} on port ${this.port} to answer`, deadlineMs: readyDeadlineMs });
  }

  async #isReady(): Promise<boolean> {
    if (this.pid === undefined) {
      throw new Error(`${this.kind} on port ${this.port} ended while it started. The end of its log:\n${await this.#logEnd()}`);
    }
    return answers(this);
  }

  async #logEnd(): Promise<string> {
    return (await readFile(join(this.directory, 'server.log'), 'utf8')).slice(-2_000);
  }
}

async function answers(address: ServerAddress): Promise<boolean> {
  try {
    await runSql(address, ['select 1']);
    return true;
  } catch {
    return false; // Still starting; the caller asks again until its deadline, and notices when the server has ended.
  }
}
