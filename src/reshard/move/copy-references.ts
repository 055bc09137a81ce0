import { copyReferences } from '../references';
import type { MoveContext } from './move-context';

/** Makes reference tables equal on shards that come to own rows, while the application writes, before these serve. Idempotent. */
export async function copyReferencesTo(context: MoveContext): Promise<void> {
  const { moves } = context.plan;
  const before = new Set([...moves.values()].flatMap(({ from }) => from.shards));
  const added = [...new Set([...moves.values()].flatMap(({ to }) => to.shards))].filter((name) => !before.has(name)).sort();
  for (const shard of added) context.announce('references', { shard });
  await copyReferences(context.live, added, { signal: context.signal });
}
