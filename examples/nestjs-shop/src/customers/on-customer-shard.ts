import { UseInterceptors } from '@nestjs/common';
import { shardContext } from 'typeorm-sharding/nestjs';
import { Customer } from './customer.entity';

/**
 * For handlers of `…/:id…` that concern one customer: whatever they call runs on the shard of that id, and a call that would ask every
 * shard is refused, so that nobody writes one here by mistake.
 */
export const OnCustomerShard = () =>
  UseInterceptors(shardContext({ entity: Customer, key: ({ params }) => params.id, scatter: { mode: 'forbid' } }));
