#!/usr/bin/env node
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Output } from './output';
import { run } from './run';

/** What a user's file or TypeORM's logger prints is story: only the answer may stand on stdout. */
function keepResultClean(): void {
  for (const name of ['log', 'info', 'debug'] as const) console[name] = console.error;
}

/** Writes, and waits until it is out. A reader that has gone, such as `head`, is no fault of the command. */
function writer(stream: NodeJS.WriteStream): (text: string) => Promise<void> {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return (text) => new Promise((resolve) => stream.write(text, () => resolve()));
}

/** The first signal ends the command in order, the second at once. An error that nobody caught, of a user's file, ends it too. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, (error: unknown) => controller.abort(error));
  return controller.signal;
}

/** Asks on stderr, since stdout is for results. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // readline takes Ctrl-C from the terminal before it becomes a signal.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return await Promise.race([lines.question(question, { signal }), closed]);
  } finally {
    lines.close();
  }
}

function createOutput(): Output {
  const isTerminal = process.stderr.isTTY && process.env.TERM !== 'dumb';
  return {
    result: writer(process.stdout),
    story: writer(process.stderr),
    terminal: isTerminal ? process.stderr : undefined,
    ask: process.stderr.isTTY && process.stdin.isTTY ? ask : undefined,
  };
}

async function main(): Promise<void> {
  keepResultClean();
  const { version } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { readonly version: string };
  const code = await run(process.argv.slice(2), { output: createOutput(), folder: process.cwd(), version, signal: interruption() });
  // What a user's file has left running must not keep the command from ending.
  process.exit(code);
}

void main();
