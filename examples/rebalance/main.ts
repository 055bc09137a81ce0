/**
 * Adds a third MariaDB server to two while four processes go on writing. The original ten thousand layouts must end on the shards that
 * MysqlConsistenceHashRing published, and every write that was acknowledged must be there once.
 */
import { runAsProcess, type Surroundings, unlessStopped } from '../layouts/program';
import { progressOn } from '../layouts/progress';
import { rebalance } from './rebalance';
import { rebalancingFaults, reportRebalancing } from './report';

const USAGE = `Usage: npm run example:rebalance

  It takes no arguments and about half a minute.
`;

/** Runs the program. @returns Its exit code: 0 when all is as it must be, 1 when not, 2 for arguments, 130 when it was stopped. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const isHelp = args.length === 1 && (args[0] === '--help' || args[0] === '-h');
  if (args.length > 0) {
    (isHelp ? surroundings.stdout : surroundings.stderr).write(USAGE);
    return isHelp ? 0 : 2;
  }
  return unlessStopped(surroundings, () => rebalanceAndReport(surroundings));
}

async function rebalanceAndReport({ stdout, stderr, signal }: Surroundings): Promise<number> {
  stdout.write('A third server joins while four processes write 10,000 layouts\n\n');
  const result = await rebalance({ progress: progressOn(stderr), signal });
  const faults = rebalancingFaults(result);
  stdout.write(`${reportRebalancing(result)}\n`);
  if (faults.length === 0) stdout.write('All counts are as published, and every acknowledged write is there once.\n');
  else stdout.write(`This must not be:\n${faults.map((each) => `  ${each}\n`).join('')}`);
  return faults.length === 0 ? 0 : 1;
}

if (require.main === module) runAsProcess(run);
