/**
 * Repeats the experiment of MysqlConsistenceHashRing: ten thousand layouts on a consistent-hash ring of two shards, of two shards
 * with two partitions each, and of three shards; then the third shard joins two while a writer goes on. The rows of each database must be
 * as many as were published.
 */
import { parseArgs } from 'node:util';
import { inMemory, onMariadb } from './databases';
import { joinOnline } from './join-online';
import { runAsProcess, type Surroundings, unlessStopped } from './program';
import { progressOn } from './progress';
import { databaseNames, experiments } from './published';
import { differencesOf, joiningDifferences, movesBetween, reportJoining, reportMoves, reportOf } from './report';
import { type Laboratory, runExperiment } from './run-experiment';

const USAGE = `Usage: npm start [-- --mysql]

  --mysql   run on three throwaway MariaDB servers instead of SQLite in memory
  --help    show this text
`;

const NEXT = `What to try next
  npm start -- --mysql          the same on three throwaway MariaDB servers
  examples/quick-start/main.ts  entities, shard keys and repositories in thirty lines
  README.md                     what it can do, and what it cannot
`;

/** Runs the program. @returns Its exit code: 0 as published, 1 not so, 2 for unknown arguments, 130 when it was stopped. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings;
  const options = optionsOf(args);
  if (options === undefined || options.help) {
    (options ? stdout : stderr).write(USAGE);
    return options ? 0 : 2;
  }
  return unlessStopped(surroundings, () => repeatExperiment(options.mysql === true, surroundings));
}

function optionsOf(args: readonly string[]): { readonly mysql?: boolean; readonly help?: boolean } | undefined {
  try {
    return parseArgs({ args: [...args], options: { mysql: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch {
    return undefined; // The usage text says what is known.
  }
}

async function repeatExperiment(mysql: boolean, { stdout, stderr, signal }: Surroundings): Promise<number> {
  if (mysql) stderr.write('Starting three MariaDB servers …\n');
  const databases = mysql ? await onMariadb(databaseNames) : inMemory();
  const progress = progressOn(stderr);
  try {
    signal.throwIfAborted();
    stdout.write(`10,000 layouts on a consistent-hash ring; ${databases.description}\n\n`);
    return await runAll({ databases, progress, signal }, stdout);
  } finally {
    progress.end();
    await databases.stop();
  }
}

async function runAll(laboratory: Laboratory, stdout: Surroundings['stdout']): Promise<number> {
  const two = await runExperiment(experiments.twoShards, laboratory);
  stdout.write(`${reportOf(two)}\n`);
  const four = await runExperiment(experiments.fourPartitions, laboratory);
  stdout.write(`${reportOf(four)}\n`);
  const three = await runExperiment(experiments.threeShards, laboratory);
  const moves = movesBetween(two, three);
  stdout.write(`${reportOf(three)}\n${reportMoves(moves)}\n`);
  const joining = await joinOnline(laboratory);
  stdout.write(`${reportJoining(joining)}\n`);
  const differences = [...differencesOf([two, four, three], moves), ...joiningDifferences(joining)];
  if (differences.length === 0) stdout.write(`All counts are as published, to the row.\n\n${NEXT}`);
  else stdout.write(`This is not what was published:\n${differences.map((each) => `  ${each}\n`).join('')}`);
  return differences.length === 0 ? 0 : 1;
}

if (require.main === module) runAsProcess(run);
