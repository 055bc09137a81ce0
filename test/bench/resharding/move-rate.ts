import type { Effort, Figure } from '../figure';
import { bootstrap, median } from '../statistics';
import { moveOnce } from './one-move';
import { copyPlainly } from './plain-copy';
import { openFilled, startTwoServers } from './two-servers';

/** 1 / 0.3: a move may take so many times as long as the copy. */
const MAX_RATIO = 3.34;

/** How many times as long a row takes to move as to be copied by nothing but pages and inserts; each move beside a copy of as many rows. */
export async function* moveRate({ moves, movedRows }: Effort['resharding']): AsyncIterable<Figure> {
  const servers = await startTwoServers();
  const cluster = await openFilled(servers, movedRows);
  try {
    const ratios: number[] = [];
    const rates: { moved: number[]; copied: number[]; windows: number[] } = { moved: [], copied: [], windows: [] };
    for (let move = 0; move < moves; move += 1) {
      const isCopyFirst = move % 2 === 0;
      const rows = await rowsOfShard(cluster, 's1');
      const copyMs = isCopyFirst ? (await copyPlainly(cluster, rows)) / rows : 0;
      const { report, movingMs } = await moveOnce(cluster);
      const left = await rowsOfShard(cluster, 's1');
      const perCopied = isCopyFirst ? copyMs : (await copyPlainly(cluster, left)) / left;
      const perMoved = movingMs / report.movedRows;
      ratios.push(perMoved / perCopied);
      rates.moved.push(1_000 / perMoved);
      rates.copied.push(1_000 / perCopied);
      rates.windows.push(report.pauseMs.p50);
    }
    const of = (values: readonly number[]) => median(Float64Array.from(values));
    const sample = Float64Array.from(ratios);
    yield {
      what: 'time of a moved row to that of one copied with no protection',
      value: median(sample),
      unit: '×',
      interval: bootstrap([sample], ([values]) => median(values!)),
      limit: MAX_RATIO,
      note: `medians ${of(rates.moved).toFixed(0)} and ${of(rates.copied).toFixed(0)} rows/s over ${moves} moves`,
    };
    yield { what: 'rows are frozen for, median of the moves', value: of(rates.windows), unit: 'ms' };
  } finally {
    await cluster.destroy();
    await servers.stop();
  }
}

async function rowsOfShard(cluster: Awaited<ReturnType<typeof openFilled>>, name: string): Promise<number> {
  const [row] = await cluster.shard(name).dataSource.query('SELECT COUNT(*) AS counted FROM account');
  return Number(row.counted);
}
