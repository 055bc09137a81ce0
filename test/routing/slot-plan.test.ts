import { planSlots } from '../../src/routing/slot-plan';

/** A map of so many slots per shard, and so many without an owner. */
function slots(counts: readonly number[], unowned = 0): Int32Array {
  return Int32Array.from([...counts.flatMap((count, owner) => Array<number>(count).fill(owner)), ...Array<number>(unowned).fill(-1)]);
}

describe('planSlots', () => {
  it('hands out a map without owners by quota, rounded down or up', () => {
    expect([...planSlots(slots([], 10), [5.5, 2.25, 2.25], [false, false, false])]).toEqual([6, 2, 2]);
  });

  it('when a shard left, lets none of the others give, even one that exceeds its quota by a slot', () => {
    expect([...planSlots(slots([12, 4], 4), [10.5, 9.5], [true, true])]).toEqual([12, 8]);
  });

  it('when a shard joins, lets none of the others take, even one that lacks a slot of its quota', () => {
    expect([...planSlots(slots([13, 7]), [8, 8, 4], [true, true, false])]).toEqual([9, 7, 4]);
  });

  it('leaves a map that is off by less than two slots, so that compiling it again changes nothing', () => {
    expect([...planSlots(slots([11, 9]), [10, 10], [true, true])]).toEqual([11, 9]);
    expect([...planSlots(slots([11, 9]), [9.2, 10.8], [true, true])]).toEqual([11, 9]);
  });

  it('moves slots between shards that stay when weights were changed', () => {
    expect([...planSlots(slots([12, 8]), [10, 10], [true, true])]).toEqual([10, 10]);
    expect([...planSlots(slots([10, 10]), [4, 8, 8], [true, true, false])]).toEqual([4, 8, 8]);
  });
});
