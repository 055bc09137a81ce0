import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';

const alive = new Set<Child>();

/** Ends every process of the trial. */
export function killAll(): void {
  for (const child of alive) child.signal('SIGKILL');
}

/** Where a mover stands: about to take a step, until it is let go or killed. */
export interface Announcement {
  readonly step: string;
  readonly shard?: string;
  readonly group?: string;
}

/** A process of the trial, asked by messages. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #sequence = 0;
  #isGone = false;
  /** Called with what it tells unasked. */
  onEvent: (message: Readonly<Record<string, unknown>>) => void = () => {};
  onAnnouncement: (announcement: Announcement) => void = () => {};

  constructor(
    readonly name: string,
    program: 'writer-process' | 'mover-process',
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#process = fork(join(__dirname, `${program}.js`), [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
      execArgv: [],
      env: { ...process.env, ...env },
    });
    alive.add(this);
    this.#process.on('message', (message: Record<string, unknown>) => this.#receive(message));
    this.#process.on('exit', (code, signal) => this.#gone(new Error(`${name} ended with ${code ?? signal}.`)));
    const gate = this.#process.stdio[4] as Duplex;
    gate.on('error', () => {}); // It broke with the process, whose exit is seen; so below.
    const lines = createInterface({ input: gate });
    lines.on('line', (line) => this.onAnnouncement(JSON.parse(line) as Announcement));
    lines.on('error', () => {});
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** @throws Error of the process, or when it ends before it answers. */
  ask<T = unknown>(ask: string, given: unknown = null): Promise<T> {
    if (this.#isGone) return Promise.reject(new Error(`${this.name} is gone.`));
    const id = ++this.#sequence;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#process.send({ id, ask, given }, (error) => {
      if (error) this.#waiting.get(id)?.reject(error);
    });
    return answer as Promise<T>;
  }

  /** Lets it take the step that it announced. */
  go(answer: 'go' | 'once' = 'go'): void {
    (this.#process.stdio[4] as Duplex).write(answer === 'go' ? 'g' : 'o');
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.#isGone) this.#process.kill(name);
  }

  async kill(): Promise<void> {
    if (this.#isGone) return;
    const gone = once(this.#process, 'exit');
    this.signal('SIGKILL');
    await gone;
  }

  #receive(message: Record<string, unknown>): void {
    const waiting = this.#waiting.get(message.id as number);
    if (!waiting) {
      this.onEvent(message);
      return;
    }
    this.#waiting.delete(message.id as number);
    if (message.error === undefined) waiting.resolve(message.answer);
    else waiting.reject(new Error(`${this.name}: ${message.error}`));
  }

  #gone(error: Error): void {
    this.#isGone = true;
    alive.delete(this);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
