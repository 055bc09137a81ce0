import { askedSize } from './connection-budget';

/** How long pg keeps an idle connection when it is not told, in milliseconds. */
const PG_DEFAULT_MS = 10_000;

/**
 * Has the pool close connections that are idle for half as long as the server would wait, so that no call is handed one that the server
 * is just ending. What the user says of that in `extra` wins.
 *
 * @param idleTimeoutMs - after which the server ends a connection.
 */
export function closingIdle(options: Readonly<Record<string, unknown>>, idleTimeoutMs: number): Record<string, unknown> {
  const idleMs = Math.floor(idleTimeoutMs / 2);
  const extra = options.extra as Readonly<Record<string, unknown>> | undefined;
  return { ...options, extra: { ...settingsOf(options, idleMs), ...extra } };
}

function settingsOf(options: Readonly<Record<string, unknown>>, idleMs: number): Readonly<Record<string, unknown>> {
  switch (options.type) {
    case 'mysql':
    case 'mariadb':
      // mysql2 looks for idle connections only when fewer may be idle than open.
      return { idleTimeout: idleMs, maxIdle: askedSize(options) - 0.5, gracefulEnd: true };
    case 'postgres':
      return { idleTimeoutMillis: Math.min(PG_DEFAULT_MS, idleMs) };
    default:
      return {};
  }
}
