import { hashRing } from '../../src';
import { fencedGroups } from '../../src/reshard/fenced-groups';
import type { TopologyPlan } from '../../src/topology';

describe('The groups of a topology, as the fence takes them', () => {
  const from = hashRing().compile(['a']);
  const to = hashRing().compile(['a', 'b'], from);
  const tables = new Map([
    ['moving', from],
    ['resting', from],
  ]);
  const planWith = (guard: TopologyPlan['guard']) =>
    ({ guard, moves: new Map([['moving', { from, to, rows: [] }]]) }) as unknown as TopologyPlan;

  it('are told what the plan moves when the guards go with it', () => {
    expect(fencedGroups({ tables, plan: planWith('while-resharding') })).toEqual([
      { name: 'moving', lookUp: 'slot', between: { from, to, rows: [] } },
      { name: 'resting', lookUp: 'slot', between: undefined },
    ]);
  });

  it('are told nothing of it when the guards stay for the next one, which moves what this one left', () => {
    expect(fencedGroups({ tables, plan: planWith('always') }).map(({ between }) => between)).toEqual([undefined, undefined]);
    expect(fencedGroups({ tables, plan: null }).map(({ between }) => between)).toEqual([undefined, undefined]);
  });
});
