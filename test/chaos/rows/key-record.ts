import type { OwnedTable } from './entities';
import { type Effect, type RowState, stateText } from './row-state';

const kept = 24;

/**
 * All that may be stored of one key: one state, or several after an operation of which nobody knows whether it was done.
 *
 * A read through the library leaves the state that it saw. Nobody else writes the key, so this is exact.
 */
export class KeyRecord {
  /** What was done lately, for the report of a violation. */
  readonly history: string[] = [];
  /** Whether an operation has it. */
  isBusy = false;
  #allowed: readonly RowState[] = [null];
  #pending: Effect | undefined;

  constructor(
    readonly table: OwnedTable,
    readonly id: string | number,
    readonly bucket: string,
  ) {}

  get name(): string {
    return `${this.table}:${this.id}`;
  }

  get allowed(): readonly RowState[] {
    return this.#allowed;
  }

  /** The only state that is possible; undefined when there are several. */
  get sole(): RowState | undefined {
    return this.#allowed.length === 1 ? this.#allowed[0] : undefined;
  }

  /** What is possible, with the operation that has not ended done or not. */
  get possible(): readonly RowState[] {
    return this.#pending ? united([...this.#allowed, ...this.#allowed.map(this.#pending)]) : this.#allowed;
  }

  begin(effect: Effect): void {
    this.#pending = effect;
  }

  acknowledge(effect: Effect): void {
    this.#pending = undefined;
    this.#allowed = united(this.#allowed.map(effect));
  }

  refuse(): void {
    this.#pending = undefined;
  }

  doubt(): void {
    this.#allowed = this.possible;
    this.#pending = undefined;
  }

  /** Takes what was read. @returns whether it was possible; afterwards it is believed either way, so that one fault is reported once. */
  saw(state: RowState): boolean {
    const isPossible = this.#allowed.some((each) => stateText(each) === stateText(state));
    this.#allowed = [state];
    return isPossible;
  }

  note(line: string): void {
    this.history.push(`${new Date().toISOString().slice(11, 23)} ${line} → ${this.#allowed.map(stateText).join(' | ')}`);
    if (this.history.length > kept) this.history.shift();
  }
}

function united(states: readonly RowState[]): readonly RowState[] {
  return [...new Map(states.map((state) => [stateText(state), state])).values()];
}
