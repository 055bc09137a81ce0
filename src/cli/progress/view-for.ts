import type { Output } from '../output';
import { BarView } from './bar-view';
import { JsonView } from './json-view';
import { LineView } from './line-view';
import type { ProgressView } from './progress-view';

/** The view that fits: documents for programs, bars on a terminal, lines elsewhere. */
export function viewFor(output: Output, isJson: boolean): ProgressView {
  if (isJson) return new JsonView(output);
  return output.terminal ? new BarView(output.terminal) : new LineView(output);
}
