import type { ServerSignal } from './supervisor';

/** The database servers that tests run on. */
export type ServerKind = 'mariadb' | 'postgres';

/** Where a server listens and who may do everything there. */
export interface ServerAddress {
  readonly kind: ServerKind;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** A throwaway server. */
export interface Server extends ServerAddress {
  /**
   * Sends the signal to the server and all its processes.
   *
   * @throws Error when SIGKILL or SIGTERM has not ended it within 20 s; both are answered when it has gone.
   */
  kill(signal: ServerSignal): Promise<void>;

  /** Starts it again on its port and its data, and waits until it answers. One that still runs, or is stopped, gets SIGKILL first. */
  restart(): Promise<void>;
}

/** A throwaway server of the caller's own. */
export interface PrivateServer extends Server {
  /** Process id of the server, undefined while it is down. */
  readonly pid: number | undefined;

  /** Where its data and its `server.log` are. */
  readonly directory: string;

  /** Ends the server and deletes its data. Safe to call again. */
  stop(): Promise<void>;
}
