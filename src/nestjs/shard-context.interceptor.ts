import {
  BadRequestException,
  type CallHandler,
  type ExecutionContext,
  Inject,
  mixin,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import {
  type CallContext,
  PositionUnownedError,
  type ScatterCallOptions,
  ShardedDataSource,
  ShardKeyInvalidError,
  type ShardKeyValue,
} from 'typeorm-sharding';
import { getShardedDataSourceToken } from './tokens.js';

/** What is read of a request, as far as the platforms of NestJS agree on it. */
export interface KeyedRequest {
  /** Headers by name in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parts of the path by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** How {@link shardContext} finds the key of a request, and what the request's calls may cost. */
export interface ShardContextOptions<Request = KeyedRequest> {
  /** An entity of the group that the key belongs to. */
  readonly entity: EntityTarget<ObjectLiteral>;
  /**
   * Reads the key; nothing when the request has none.
   *
   * @param request - of HTTP the platform's request; of other transports what `executionContext` has as its first argument.
   */
  readonly key: (request: Request, executionContext: ExecutionContext) => RequestKey | Promise<RequestKey>;
  /** Name of the cluster. @defaultValue 'default' */
  readonly cluster?: string;
  /** What the request's calls to several shards may cost, unless they say so themselves; also of requests without a key. */
  readonly scatter?: ScatterCallOptions;
  /** Whether a request without a key is answered with 400. @defaultValue false */
  readonly required?: boolean;
}

/** The key of a request; nothing when it has none. */
export type RequestKey = ShardKeyValue | null | undefined;

/**
 * Makes an interceptor that runs handlers in a context of {@link ShardedDataSource.within}: calls that prove no shard go to the shard of
 * the key that the request names. It serves controllers and handlers with `@UseInterceptors(…)`, and a whole application as
 * `{ provide: APP_INTERCEPTOR, useClass: … }`.
 *
 * It chooses a shard and filters nothing, and it is no check of who may use a key: guards run before it.
 * The context holds for what the handler calls, also by the Observable that it returns; what a returned stream calls when it is read,
 * after the handler, is outside, but `iterate()` called in the handler is not.
 * A key that cannot route, or none where one is required, is answered with 400, naming no value.
 */
export function shardContext<Request = KeyedRequest>(options: ShardContextOptions<Request>): Type<NestInterceptor> {
  class ShardContextInterceptor implements NestInterceptor {
    readonly #cluster: ShardedDataSource;

    constructor(@Inject(getShardedDataSourceToken(options.cluster)) cluster: ShardedDataSource) {
      this.#cluster = cluster;
    }

    async intercept(executionContext: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
      const request = executionContext.switchToHttp().getRequest<Request>();
      const value = (await options.key(request, executionContext)) ?? undefined;
      refuseUnusable(this.#cluster, options, value);
      const context: CallContext = { scatter: options.scatter, ...(value !== undefined && { key: { entity: options.entity, value } }) };
      // Handlers run when they are subscribed to, and so do those that return an Observable.
      return new Observable((subscriber) => this.#cluster.within(context, () => next.handle().subscribe(subscriber)));
    }
  }
  return mixin(ShardContextInterceptor);
}

function refuseUnusable(
  cluster: ShardedDataSource,
  { entity, required }: Pick<ShardContextOptions, 'entity' | 'required'>,
  value: ShardKeyValue | undefined,
): void {
  if (value === undefined && required) throw new BadRequestException('The request names no shard key.');
  if (value === undefined) return;
  try {
    cluster.shardFor(entity, value);
  } catch (cause) {
    if (!(cause instanceof ShardKeyInvalidError || cause instanceof PositionUnownedError)) throw cause;
    throw new BadRequestException('The shard key of the request cannot be used.', { cause });
  }
}
