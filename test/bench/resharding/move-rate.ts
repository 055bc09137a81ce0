import type { ShardedDataSource } from 'typeorm-sharding';
import type { Effort, Figure } from '../figure';
import { bootstrap, median } from '../statistics';
import { moveOnce } from './one-move';
import { copyPlainly } from './plain-copy';
import { openFilled, startTwoServers } from './two-servers';

/** 1 / 0.3: a move may take so many times as long as the copy. */
const MAX_RATIO = 3.34;

/** Chunks as they are by default, and chunks of a move that shall be quick: what each costs by itself is shared by more rows. */
const CHUNKS = [{ chunkRows: 500 }, { chunkRows: 2_000, limit: MAX_RATIO }] as const;

/** How many times as long a row takes to move as to be copied by nothing but pages and inserts; each move beside a copy of as many rows. */
export async function* moveRate({ moves, movedRows }: Effort['resharding']): AsyncIterable<Figure> {
  const servers = await startTwoServers();
  const cluster = await openFilled(servers, movedRows);
  try {
    for (const { chunkRows, ...target } of CHUNKS) {
      const { ratios, moved, copied, windows } = await timesOf(cluster, moves, chunkRows);
      const of = (values: readonly number[]) => median(Float64Array.from(values));
      const sample = Float64Array.from(ratios);
      yield {
        what: `time of a row moved in chunks of ${chunkRows} to that of one copied with no protection`,
        value: median(sample),
        unit: '×',
        interval: bootstrap([sample], ([values]) => median(values!)),
        ...target,
        note: `medians ${of(moved).toFixed(0)} and ${of(copied).toFixed(0)} rows/s over ${moves} moves`,
      };
      yield { what: `rows are frozen for in chunks of ${chunkRows}, median of the moves`, value: of(windows), unit: 'ms' };
    }
  } finally {
    await cluster.destroy();
    await servers.stop();
  }
}

/** Of each move: how a row's time compares with that of a copied one, rows per second of both, and for how long rows were frozen. */
async function timesOf(cluster: ShardedDataSource, moves: number, chunkRows: number) {
  const found = { ratios: [] as number[], moved: [] as number[], copied: [] as number[], windows: [] as number[] };
  for (let move = 0; move < moves; move += 1) {
    const isCopyFirst = move % 2 === 0;
    const rows = await rowsOfShard(cluster, 's1');
    const copyMs = isCopyFirst ? (await copyPlainly(cluster, rows)) / rows : 0;
    const { report, movingMs } = await moveOnce(cluster, { chunkRows });
    const left = await rowsOfShard(cluster, 's1');
    const perCopied = isCopyFirst ? copyMs : (await copyPlainly(cluster, left)) / left;
    const perMoved = movingMs / report.movedRows;
    found.ratios.push(perMoved / perCopied);
    found.moved.push(1_000 / perMoved);
    found.copied.push(1_000 / perCopied);
    found.windows.push(report.pauseMs.p50);
  }
  return found;
}

async function rowsOfShard(cluster: ShardedDataSource, name: string): Promise<number> {
  const [row] = await cluster.shard(name).dataSource.query('SELECT COUNT(*) AS counted FROM account');
  return Number(row.counted);
}
