import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SystemAccount } from './system-account';
import { waitUntil } from './wait-until';

/** Signals that a suite may send to a server. */
export type ServerSignal = 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT';

/** How a supervisor treats what it runs. */
export interface SupervisorOptions {
  /** Who owns the directory and runs the commands. @defaultValue the current user */
  readonly account?: SystemAccount;
  /** What ends a server when nobody waits for its data; SIGKILL follows where it does not help. @defaultValue `'SIGKILL'` */
  readonly stopSignal?: 'SIGKILL' | 'SIGQUIT';
}

/** How a command ended. */
export interface CommandResult {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  /** The end of what it wrote. */
  readonly output: string;
}

interface Reply {
  readonly id?: number;
  readonly event?: 'ready' | 'exit';
  readonly directory?: string;
  readonly pid?: number;
  readonly result?: unknown;
  readonly error?: string;
}

const stopDeadlineMs = 30_000;

/**
 * A throwaway directory under the system's one for temporary files, or under that of `TEST_FILES`, with a process that outlives ours to empty it.
 *
 * However this process ends, SIGKILL included, the supervisor ends what it started and deletes the directory. It does not keep this process alive.
 */
export class Supervisor {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #sequence = 0;
  #serverPid: number | undefined;

  private constructor(
    child: ChildProcess,
    /** The directory, deleted at the end. */
    readonly directory: string,
  ) {
    this.#child = child;
    child.on('message', (reply: Reply) => this.#receive(reply));
    child.once('exit', (code, signal) => this.#rejectAll(new Error(`The supervisor of ${directory} ended with ${code ?? signal}.`)));
    this.#setReferenced(false);
  }

  /** Starts a supervisor and waits for its directory. */
  static async start(options: SupervisorOptions = {}): Promise<Supervisor> {
    const settings = {
      prefix: join(folderForFiles(), 'typeorm-sharding-'),
      account: options.account,
      stopSignal: options.stopSignal ?? 'SIGKILL',
    };
    const { NODE_OPTIONS: _unwanted, ...env } = process.env;
    const child = fork(supervisorFile(), [JSON.stringify(settings)], {
      cwd: '/',
      detached: true,
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const ready = once(child, 'message').then(([reply]: Reply[]) => reply?.directory);
    const ended = once(child, 'exit').then(() => undefined);
    const directory = await Promise.race([ready, ended]);
    if (directory === undefined) {
      throw new Error(`The supervisor could not make a directory in ${folderForFiles()}; its message is above.`);
    }
    return new Supervisor(child, directory);
  }

  /** Process id of the running server, undefined when there is none. */
  get serverPid(): number | undefined {
    return this.#serverPid;
  }

  /** Runs a command in the directory to its end, whatever that is. */
  async run(file: string, args: readonly string[]): Promise<CommandResult> {
    return (await this.#ask('run', { file, args })) as CommandResult;
  }

  /** Starts the server, whose output goes to `server.log` in the directory. */
  async startServer(file: string, args: readonly string[]): Promise<void> {
    await this.#ask('start', { file, args });
  }

  /** Sends the server and its processes a signal; one that ends them is answered when they are gone. */
  async signal(name: ServerSignal): Promise<void> {
    await this.#ask('signal', { name });
  }

  /** Ends the server and deletes the directory. Safe to call again. */
  async stop(): Promise<void> {
    const ended = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    if (this.#child.connected) {
      this.#child.disconnect();
    }
    await waitUntil(ended, { what: `the supervisor of ${this.directory} to end`, deadlineMs: stopDeadlineMs });
    if (this.#child.exitCode !== 0) {
      throw new Error(
        `The supervisor of ${this.directory} ended with ${this.#child.exitCode ?? this.#child.signalCode}; look for what it left.`,
      );
    }
  }

  #ask(action: string, parameters: object): Promise<unknown> {
    if (!this.#child.connected) {
      return Promise.reject(new Error(`The supervisor of ${this.directory} has been stopped.`));
    }
    const id = ++this.#sequence;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    this.#setReferenced(true);
    this.#child.send({ id, action, ...parameters });
    return answer;
  }

  #receive(reply: Reply): void {
    if (reply.event === 'exit' && reply.pid === this.#serverPid) {
      this.#serverPid = undefined;
    }
    const waiting = this.#pending.get(reply.id ?? 0);
    if (!waiting) {
      return;
    }
    this.#settled(reply.id ?? 0);
    if (reply.error !== undefined) {
      waiting.reject(new Error(reply.error));
    } else {
      this.#serverPid = (reply.result as { pid?: number }).pid ?? this.#serverPid;
      waiting.resolve(reply.result);
    }
  }

  #rejectAll(error: Error): void {
    this.#serverPid = undefined;
    for (const [id, waiting] of this.#pending) {
      this.#settled(id);
      waiting.reject(error);
    }
  }

  #settled(id: number): void {
    this.#pending.delete(id);
    this.#setReferenced(this.#pending.size > 0);
  }

  #setReferenced(referenced: boolean): void {
    const method = referenced ? 'ref' : 'unref';
    this.#child[method]();
    this.#child.channel?.[method]();
  }
}

/** The system's folder for temporary files, unless `TEST_FILES` names a faster one. */
function folderForFiles(): string {
  return process.env.TEST_FILES || tmpdir();
}

/** Finds the supervisor's program also from compiled copies of this file, which lie elsewhere in the project. */
function supervisorFile(): string {
  const inProject = join('test', 'database', 'servers', 'supervisor-process.js');
  for (let folder = dirname(__dirname); ; folder = dirname(folder)) {
    if (existsSync(join(folder, inProject))) {
      return join(folder, inProject);
    }
    if (folder === dirname(folder)) {
      throw new Error(`${inProject} is in no folder above ${__dirname}.`);
    }
  }
}
