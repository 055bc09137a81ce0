import { copyReferenceTable, referenceTables } from '../rows';
import type { MoveContext } from './move-context';

/** Copies reference tables to shards that come to own rows, before they serve. Idempotent. */
export async function copyReferencesTo(context: MoveContext): Promise<void> {
  const { moves } = context.plan;
  const before = new Set([...moves.values()].flatMap(({ from }) => from.shards));
  const added = new Set([...moves.values()].flatMap(({ to }) => to.shards).filter((name) => !before.has(name)));
  const [first] = [...before].sort();
  if (first === undefined) return;
  for (const name of [...added].sort()) {
    context.announce('references', { shard: name });
    await copyAll(context, first, name);
  }
}

async function copyAll(context: MoveContext, from: string, to: string): Promise<void> {
  const [source, target] = await Promise.all([context.connections.shard(from), context.connections.shard(to)]);
  const targets = new Map(referenceTables(target.source).map((table) => [table.table, table] as const));
  for (const table of referenceTables(source.source)) {
    const other = targets.get(table.table);
    if (!other) continue;
    await source.use((reader) =>
      target.use((writer) => copyReferenceTable({ runner: reader, table }, { runner: writer, table: other }, { signal: context.signal })),
    );
  }
}
