import { descriptionOf, type ShardingDescription } from '../../metadata';
import type { Command } from '../command';
import { table } from '../text/table';

/** `describe`: what was understood of each entity. */
export const describe: Command = {
  name: 'describe',
  summary: 'show what was understood of each entity: its shard key, group and placement; connects to nothing',
  examples: ['-d src/cluster.ts describe', '-d src/cluster.ts describe --json'],
  run: async ({ cluster }) => {
    await cluster.readEntities();
    const entities = [...cluster.core.model.entities.values()].map(descriptionOf);
    return { json: { cluster: cluster.core.options.name, entities }, text: entityTable(entities) };
  },
};

function entityTable(entities: readonly ShardingDescription[]): string {
  return table(entities, [
    { title: 'entity', cell: ({ entity }) => entity },
    { title: 'kind', cell: ({ kind }) => kind },
    { title: 'shard key', cell: ({ key }) => key?.map(({ property, type }) => `${property} (${type})`).join(', ') },
    { title: 'group', cell: ({ group }) => group },
    { title: 'beside', cell: ({ parent }) => parent },
    { title: 'placement', cell: ({ placement }) => placement },
    { title: 'shard', cell: ({ shard }) => shard },
  ]);
}
