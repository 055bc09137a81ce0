import { Injectable, NotFoundException } from '@nestjs/common';
import type { ShardedDataSource, ShardedRepository } from 'typeorm-sharding';
import { InjectShardedDataSource, InjectShardedRepository } from 'typeorm-sharding/nestjs';
import { Settings } from '../settings/settings';
import { Customer } from './customer.entity';
import { CustomerEmail } from './customer-email.entity';

/** Where a customer lives, and why. */
export interface CustomerHome {
  readonly customer: string;
  readonly shard: string;
  /** The database behind the shard. */
  readonly database: string;
  /** The shard that knows the customer by e-mail; most often another one. */
  readonly emailShard: string;
  readonly route: string;
  readonly reason: string;
  readonly statement: string;
}

/** Finds customers. */
@Injectable()
export class CustomersService {
  constructor(
    @InjectShardedRepository(Customer) private readonly customers: ShardedRepository<Customer>,
    @InjectShardedRepository(CustomerEmail) private readonly emails: ShardedRepository<CustomerEmail>,
    @InjectShardedDataSource() private readonly cluster: ShardedDataSource,
    private readonly settings: Settings,
  ) {}

  /**
   * The customer with this id, joined with its country inside its shard.
   *
   * @throws NotFoundException
   */
  async get(id: string): Promise<Customer> {
    const customer = await this.customers.findOne({ where: { id }, relations: { country: true } });
    if (!customer) throw new NotFoundException('no customer has this id');
    return customer;
  }

  /**
   * The customer with this e-mail address: the shard that owns the address knows the id, and the shard that owns the id the customer.
   *
   * @throws NotFoundException also while a registration is under way.
   */
  async getByEmail(email: string): Promise<Customer> {
    const owner = await this.emails.findOneBy({ email });
    const customer = owner && (await this.customers.findOne({ where: { id: owner.customerId }, relations: { country: true } }));
    if (!customer) throw new NotFoundException('no customer has this email');
    return customer;
  }

  /** Shows where a customer lives. @throws NotFoundException */
  async homeOf(id: string): Promise<CustomerHome> {
    const { email } = await this.get(id);
    const { route, reason, statements } = await this.customers.explain({ select: { id: true, name: true }, where: { id } });
    const shard = this.cluster.shardFor(Customer, id).name;
    const emailShard = this.cluster.shardFor(CustomerEmail, email).name;
    return { customer: id, shard, database: this.databaseOf(shard), emailShard, route, reason, statement: statements[0]?.sql ?? '' };
  }

  private databaseOf(shard: string): string {
    const address = this.settings.shards.find(({ name }) => name === shard);
    if (this.settings.database === 'memory' || !address) return 'SQLite in memory';
    return `MariaDB on ${address.host}:${address.port}, database ${address.database}`;
  }
}
