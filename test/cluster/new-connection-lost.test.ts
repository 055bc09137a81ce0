import { connect, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { postgresDriver } from '../../src/cluster/shared-postgres';
import { runningServers, serverKinds, waitUntil } from '../database';
import { describeOn } from './fixtures/describe-on';

/** Passes connections on to a server, until it is cut. */
class Wire {
  readonly #sockets: Socket[] = [];
  readonly #server: Server;
  port = 0;

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#server = createServer((socket) => {
      const onward = connect(target);
      this.#sockets.push(socket, onward);
      for (const each of [socket, onward]) each.on('error', () => undefined);
      socket.pipe(onward).pipe(socket);
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((opened) => this.#server.listen(0, '127.0.0.1', () => opened()));
    this.port = (this.#server.address() as { readonly port: number }).port;
  }

  /** As the death of the server is for its clients: no word of it. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): Promise<void> {
    return new Promise((closed) => this.#server.close(() => closed()));
  }
}

describeOn(
  serverKinds.filter((kind) => kind === 'postgres'),
  'A connection to PostgreSQL that breaks before its first use',
  (kind) => {
    it('fails the call that waits for it, and not the process', async () => {
      const server = runningServers().find((each) => each.kind === kind)!;
      const wire = new Wire(server);
      await wire.open();
      const reach = { user: server.username, password: server.password, database: 'postgres' };
      const driver = postgresDriver(pg, ['SELECT pg_sleep(30)']) as unknown as typeof pg;
      const pool = new driver.Pool({ ...reach, host: '127.0.0.1', port: wire.port, application_name: 'broken' });
      const aside = new pg.Client({ ...reach, host: server.host, port: server.port });
      await aside.connect();
      try {
        const connected = new Promise<unknown>((resolve) => void pool.connect((error) => resolve(error)));
        const isAsleep = async () => {
          const asleep = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'broken' AND query LIKE '%sleep%'";
          return (await aside.query(asleep)).rowCount === 1;
        };
        await waitUntil(isAsleep, { what: 'that the connection is prepared' });
        wire.cut();
        expect(await connected).toMatchObject({ message: 'Connection terminated unexpectedly' });
      } finally {
        await aside.end();
        await new Promise<void>((ended) => pool.end(() => ended()));
        await wire.close();
      }
    });
  },
);
