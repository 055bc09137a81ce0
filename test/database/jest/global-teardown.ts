import { listDatabases, type PrivateServer } from '../servers';
import { runFault } from './run-fault';
import { runState } from './run-state';

/** Ends the shared servers; the run fails when a suite left databases on them, or when one cannot be ended. */
export default async function globalTeardown(): Promise<void> {
  const state = runState();
  const servers = state.servers ?? [];
  const left = (await Promise.all(servers.map(leftDatabases))).flat();
  const pids = servers.flatMap(({ pid }) => pid ?? []);
  const outcomes = await Promise.allSettled([state.files, ...servers].map((owner) => owner?.stop()));
  const faults = [
    ...left,
    ...outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : [])),
    ...pids.filter(isAlive).map((pid) => `Server process ${pid} is still there.`),
  ];
  state.leaks = faults.length;
  if (faults.length > 0) {
    throw runFault(`The tests left something behind.\n${faults.join('\n')}`);
  }
}

async function leftDatabases(server: PrivateServer): Promise<readonly string[]> {
  try {
    const names = await listDatabases(server);
    return names.map((name) => `Database ${name} is left on the ${server.kind} server on port ${server.port}.`);
  } catch (error) {
    return [`The ${server.kind} server on port ${server.port} could not be asked for left databases: ${String(error)}`];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // No such process, as it should be.
  }
}
