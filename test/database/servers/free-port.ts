import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const taken = new Set<number>();

/**
 * Finds a loopback port that nobody listens on and that this process has not been given before.
 *
 * It lies below the range from which systems take the local ports of outgoing connections, so that a server can come back to it.
 * Another process may still take it first: whoever listens on it must be ready to ask again.
 */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (taken.has(port)) continue;
    // Before anything is awaited, since another caller may have drawn the same.
    taken.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
