import type { Random } from '../random';

/** Every step that a mover announces, in order. */
const STEPS =
  'prepare identity references cut arm announce barrier lease raise clear freeze copy verify commit committed lower clean place settle narrow disarm finish'.split(
    ' ',
  );

/** Which steps a mover has still to be killed at, and how often. */
export class Kills {
  readonly #left: Map<string, number>;

  /** @param unreached - steps that this database does not have. */
  constructor(times: number, unreached: readonly string[]) {
    this.#left = new Map(STEPS.filter((step) => !unreached.includes(step)).map((step) => [step, times]));
  }

  get left(): readonly (readonly [step: string, times: number])[] {
    return [...this.#left].filter(([, times]) => times > 0);
  }

  get total(): number {
    return this.left.reduce((sum, [, times]) => sum + times, 0);
  }

  /**
   * Steps for one run, those that are farthest behind first. A chunk is cleared only after a death between its copy and its commit.
   *
   * @param isAdding - whether a shard comes to own rows of a group, which alone has reference tables copied.
   */
  chosen(random: Random, count: number, isAdding: boolean): readonly string[] {
    const wanted = random
      .shuffled(this.left)
      .sort((a, b) => Number(b[0] === 'references') - Number(a[0] === 'references') || b[1] - a[1])
      .map(([step]) => step)
      .filter((step) => isAdding || step !== 'references')
      .slice(0, count);
    const isClearable = wanted.some((step) => ['verify', 'commit'].includes(step));
    return wanted.includes('clear') && !isClearable ? [...wanted, random.pick(['verify', 'commit'])] : wanted;
  }

  made(step: string): void {
    this.#left.set(step, (this.#left.get(step) ?? 0) - 1);
  }

  /** A step at which a mover may be stopped for longer than every timeout. */
  anyStep(random: Random): string {
    return random.pick([...this.#left.keys()]);
  }
}
