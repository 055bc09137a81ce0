import { ShardingError } from './sharding-error';

/** The options, entities or placements given cannot work. All faults found are reported at once. */
export class ConfigurationError extends ShardingError {
  override readonly code = 'ERR_CONFIGURATION';

  constructor(
    /** One sentence for each fault. */
    readonly faults: readonly string[],
    options?: ErrorOptions,
  ) {
    super(`The sharding configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`, options);
  }
}
