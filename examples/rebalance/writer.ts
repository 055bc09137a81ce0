import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Addresses } from './cluster';
import type { Entries, Order, Told, Written } from './messages';

/** What ends waiting for a process. */
export interface Guard {
  readonly signal: AbortSignal;
  /** Called when a process ends without having been told to. */
  readonly onFailure: (error: Error) => void;
}

/** A writer's process, as seen by the one that starts it. */
export class Writer {
  /** How many writes it has had acknowledged, as of its last message. */
  acknowledged = 0;
  readonly #child: ChildProcess;
  readonly #told = new EventEmitter();
  readonly #exited: Promise<unknown>;
  #isKilled = false;

  constructor(readonly guard: Guard) {
    this.#child = fork(require.resolve('./writer-process'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message: Told) => {
      if (message.told === 'writing') this.acknowledged = message.acknowledged;
      this.#told.emit(message.told, message);
    });
    this.#exited = once(this.#child, 'exit').then(([code, signal]) => {
      if (code !== 0 && !this.#isKilled) guard.onFailure(new Error(`A writer ended with ${code ?? signal}.`));
    });
  }

  /** Waits until it has opened the cluster. @throws the reason of the guard's signal. */
  async open(addresses: Addresses): Promise<void> {
    await this.#ask({ order: 'open', addresses }, 'open');
  }

  /** Lets it write these layouts, and new ones. */
  write(entries: Entries): void {
    this.#child.send({ order: 'write', entries } satisfies Order);
  }

  /** Lets it finish its calls and end. @throws the reason of the guard's signal. */
  async stop(): Promise<Written> {
    const { written } = (await this.#ask({ order: 'stop' }, 'stopped')) as Told & { told: 'stopped' };
    await this.#exited;
    return written;
  }

  /** Ends it at once, if it has not ended. */
  kill(): void {
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
  }

  async #ask(order: Order, answer: Told['told']): Promise<Told> {
    const { signal } = this.guard;
    signal.throwIfAborted();
    const answered = once(this.#told, answer, { signal }).catch(() => Promise.reject(signal.reason));
    this.#child.send(order);
    const [told] = await answered;
    return told as Told;
  }
}
