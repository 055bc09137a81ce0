import { movingFacts, movingText } from '../../../src/cli/text/moving-text';
import { hashRing } from '../../../src/routing';
import type { PlanPhase, PlanRow, Topology } from '../../../src/topology';

const ring = hashRing().compile(['s1', 's2']);
const rows: readonly PlanRow[] = [
  { since: 0, upto: 10, watermark: 0, token: 3 },
  { since: 10, upto: 20, watermark: 15, token: 4 },
  { since: 20, upto: 30, watermark: 30, token: 4 },
  { since: 30, upto: 40, watermark: 40, token: 0 },
  { since: 40, upto: 50, watermark: 50, token: 0 },
];

function topology(phase: PlanPhase): Pick<Topology, 'plan'> {
  return {
    plan: {
      id: 'plan-1',
      phase,
      order: 'pause',
      guard: 'while-resharding',
      title: 'add s3',
      announcedVersion: 4,
      finalVersion: 0,
      weights: {},
      moves: new Map([['User', { from: ring, to: ring, rows }]]),
      movers: [
        { token: 3, client: 'c1' },
        { token: 4, client: 'c1' },
      ],
    },
  };
}

describe('What is moving', () => {
  it('is nothing at rest', () => expect(movingFacts({ plan: null })).toBeNull());

  it('counts the stretches of each group that have moved, move and wait', () => {
    expect(movingFacts(topology('moving'))).toEqual({
      id: 'plan-1',
      title: 'add s3',
      phase: 'moving',
      order: 'pause',
      groups: [{ group: 'User', stretches: 5, moved: 1, moving: 2, waiting: 2 }],
      movers: ['c1'],
    });
  });

  it('has all moved once the new placement is in force', () => {
    expect(movingFacts(topology('cleaning'))?.groups).toEqual([{ group: 'User', stretches: 5, moved: 5, moving: 0, waiting: 0 }]);
  });

  it('is written for people', () => {
    expect(movingText(movingFacts(topology('moving'))!)).toBe(
      [
        'Plan     add s3 (plan-1)',
        'phase    moving: moving rows',
        'ordered  pause',
        'movers   c1',
        '',
        'GROUP  STRETCHES  MOVED  MOVING  WAITING',
        'User           5      1       2        2',
      ].join('\n'),
    );
  });
});
