import type { ReshardProgress } from '../../reshard/reshard-run';

/** Shows how far a run has come, while it runs. */
export interface ProgressView {
  show(progress: ReshardProgress): void | Promise<void>;
  /** Leaves the last state where it is, so that other text can follow. */
  end(): void;
}
