import { type ShardRule, shardRule } from '../fence';
import type { Position, RoutingTable, Rule } from '../routing';
import type { GroupMove } from '../topology';

/** A stretch of the line in which rows may stand on a shard that does not own them: copies that arrive, and what has left. */
export interface ForeignStretch {
  /** Inclusive; `-Infinity`: it has no beginning. */
  readonly from: Position;
  /** Exclusive; `Infinity`: it has no end. */
  readonly upto: Position;
  /** Of these positions of the stretch; undefined: all. */
  readonly only?: { readonly foreign: ShardRule; readonly own: ShardRule };
}

/** Where a shard may hold rows that it does not own while a group moves; in order, neighbours joined. */
export function foreignStretches(move: GroupMove, shard: string, group: string): readonly ForeignStretch[] {
  const [before, after] = [new RuleReader(move.from), new RuleReader(move.to)];
  const found: ForeignStretch[] = [];
  for (const { since, upto, watermark } of move.rows) {
    const old = shardRule(before.at(since), shard, group);
    const next = shardRule(after.at(since), shard, group);
    append(found, foreignIn({ from: since, upto: watermark }, next, old));
    append(found, foreignIn({ from: watermark, upto }, old, next));
  }
  return found;
}

/** What of a stretch is there by one rule and owned by another. */
function foreignIn(
  { from, upto }: { readonly from: Position; readonly upto: Position },
  foreign: ShardRule,
  own: ShardRule,
): ForeignStretch | undefined {
  if (from >= upto || foreign.modulus === 0 || own.modulus === 1) return undefined;
  return own.modulus === 0 && foreign.modulus === 1 ? { from, upto } : { from, upto, only: { foreign, own } };
}

function append(found: ForeignStretch[], stretch: ForeignStretch | undefined): void {
  if (!stretch) return;
  const last = found.at(-1);
  if (last && !last.only && !stretch.only && last.upto === stretch.from) found[found.length - 1] = { from: last.from, upto: stretch.upto };
  else found.push(stretch);
}

/** Finds the rules of positions that only grow. */
class RuleReader {
  readonly #table: RoutingTable;
  #index = 0;

  constructor(table: RoutingTable) {
    this.#table = table;
  }

  at(position: Position): Rule {
    const { segments } = this.#table;
    while (this.#index < segments.length - 1 && (segments[this.#index]?.upto ?? Number.POSITIVE_INFINITY) <= position) this.#index += 1;
    const segment = segments[this.#index];
    return segment && (segment.since ?? Number.NEGATIVE_INFINITY) <= position ? segment.rule : { shards: [] };
  }
}
