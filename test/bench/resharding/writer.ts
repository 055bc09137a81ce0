import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TwoServers } from './two-servers';
import type { WriterAnswer, WriterOrder } from './writer-process';

/** A process of an application that writes, told what to do through a pipe. */
export class Writer {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (answer: WriterAnswer) => void; reject: (error: Error) => void }>();
  #count = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message) => {
      const { number, answer, error } = message as { number: number; answer: WriterAnswer; error?: string };
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(`The writer failed: ${error}`));
    });
  }

  static async start(servers: TwoServers): Promise<Writer> {
    const writer = new Writer(fork(join(__dirname, 'writer-process.js')));
    await writer.tell({ order: 'open', servers });
    return writer;
  }

  /** Gives an order, and waits until it is done. */
  tell(order: WriterOrder): Promise<WriterAnswer> {
    const number = this.#count;
    this.#count += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#child.send({ number, order });
    });
  }

  async stop(): Promise<void> {
    await this.tell({ order: 'close' });
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
