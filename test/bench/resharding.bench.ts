import type { Benchmark } from './figure';
import { moveRate } from './resharding/move-rate';
import { moverHeap } from './resharding/mover-heap';
import { statementCounts } from './resharding/statement-counts';
import { throughput } from './resharding/throughput';
import { writePause } from './resharding/write-pause';

/** Moves of rows between two MariaDB servers, while others write. */
export const resharding: readonly Benchmark[] = [
  { name: 'reshard-statements', run: () => statementCounts() },
  { name: 'reshard-rate', run: (effort) => moveRate(effort.resharding) },
  { name: 'reshard-pause', run: (effort) => writePause(effort.resharding) },
  { name: 'reshard-throughput', run: (effort) => throughput(effort.resharding) },
  { name: 'reshard-heap', run: (effort) => moverHeap(effort.resharding) },
];
