import { TestEnvironment } from 'jest-environment-node';
import { beginSuite, type SuiteResources } from '../suite';

/** Node's environment, which fails a test file that left servers or databases behind, and stops them. */
export default class SuiteEnvironment extends TestEnvironment {
  readonly #suite: SuiteResources;

  constructor(...parameters: ConstructorParameters<typeof TestEnvironment>) {
    super(...parameters);
    this.#suite = beginSuite(this.global, parameters[1].testPath);
  }

  /** After the last hook, while the file's modules still work. */
  async handleTestEvent(event: { readonly name: string }): Promise<void> {
    const left = [...this.#suite.open];
    if (event.name !== 'run_finish' || left.length === 0) {
      return;
    }
    const outcomes = await Promise.allSettled(left.map(([, stop]) => stop()));
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    throw new Error([`Not stopped by the suite: ${left.map(([description]) => description).join('; ')}.`, ...failures].join('\n'));
  }
}
