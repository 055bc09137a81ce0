import type { BuilderCall } from './builder-calls';
import type { EntityName } from './entities';
import type { FindCall } from './find-calls';
import type { WriteCall } from './write-calls';

/** A call as data, which is run alike on a cluster and on one database. */
export type Call = FindCall | WriteCall | BuilderCall;

/** What each call says of itself. */
export interface CallHead {
  readonly operation: string;
  readonly entity: EntityName;
}
