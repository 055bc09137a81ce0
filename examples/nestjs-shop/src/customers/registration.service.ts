/**
 * Registers customers so that each e-mail address belongs to one customer at most, although the address and the customer live on
 * different shards, with no transaction over both.
 *
 *   reserved    CustomerEmail names an id, no Customer has it.   Entered by the insert of the reservation, or by a take-over.
 *   registered  CustomerEmail names an id, a Customer has it.    Entered by the insert of the customer. The end.
 *   withdrawn   a Customer with `withdrawnAt` has the id.        Entered by another registration that found the reservation old.
 *
 * A crash leaves *reserved* or *withdrawn*; the address is then free again for a registration after `reservationSeconds`. That one first
 * takes the id: it inserts a withdrawn customer with it. From then on the slow registration, should it still live, cannot insert its own
 * customer, because both have one primary key on one shard. Only then is the reservation moved to the new id, by an update that names
 * the old one, so that of several that try, one wins.
 *
 * Guaranteed, whatever dies, pauses or runs at the same time: at most one customer has an address, and it can be found by it. No clock
 * decides over that; the age only keeps registrations from withdrawing each other while they are alive.
 *
 * Not guaranteed: that an address is free at once after a crash or a lost connection; it is answered 409 until the reservation is old
 * enough. And a registration that is answered with an error may have been made, if the connection broke while it was committed:
 * registering again then answers 409, and `GET /customers?email=` shows the customer.
 */
import { randomUUID } from 'node:crypto';
import { ConflictException, Injectable, UnprocessableEntityException } from '@nestjs/common';
import type { ShardedRepository } from 'typeorm-sharding';
import { InjectShardedRepository } from 'typeorm-sharding/nestjs';
import { CountriesService } from '../countries/countries.service';
import { Settings } from '../settings/settings';
import type { RegisterCustomerDto } from './customer.dto';
import { Customer } from './customer.entity';
import { CustomerEmail } from './customer-email.entity';

type NewCustomer = Omit<Customer, 'country'>;

@Injectable()
export class RegistrationService {
  constructor(
    @InjectShardedRepository(Customer) private readonly customers: ShardedRepository<Customer>,
    @InjectShardedRepository(CustomerEmail) private readonly emails: ShardedRepository<CustomerEmail>,
    private readonly countries: CountriesService,
    private readonly settings: Settings,
  ) {}

  /**
   * Registers a customer.
   *
   * @returns the new customer's id.
   * @throws ConflictException when the address belongs to somebody, or is being registered.
   * @throws UnprocessableEntityException when the country is not known.
   */
  async register({ email, name, country }: RegisterCustomerDto): Promise<string> {
    if (!(await this.countries.find(country))) throw new UnprocessableEntityException(`country ${country} is not one of GET /countries`);
    const customer = { id: randomUUID(), email, name, countryCode: country, registeredAt: new Date(), withdrawnAt: null };
    if (!(await this.reserve(customer))) throw emailIsTaken();
    const other = await this.insertCustomer(customer);
    if (other && other.withdrawnAt !== null) throw emailIsTaken(); // This process was so slow that another one took over.
    return customer.id;
  }

  private async reserve(customer: NewCustomer): Promise<boolean> {
    const { id, email } = customer;
    const reservation = { email, customerId: id, reservedAt: customer.registeredAt };
    const other = await insertOrFind(
      () => this.emails.insert(reservation),
      () => this.emails.findOneBy({ email }),
    );
    return other === undefined || other.customerId === id || this.takeOver(other, customer);
  }

  /** Takes an address from a registration that did not come to its end. */
  private async takeOver({ email, customerId, reservedAt }: CustomerEmail, customer: NewCustomer): Promise<boolean> {
    if (Date.now() - reservedAt.getTime() < this.settings.reservationSeconds * 1000) return false;
    if (await this.customers.existsBy({ id: customerId })) return false;
    const withdrawn = { ...customer, id: customerId, name: '', withdrawnAt: new Date() };
    const other = await this.insertCustomer(withdrawn);
    if (other && other.withdrawnAt === null) return false; // It came to its end just now.
    const { affected } = await this.emails.update({ email, customerId }, { customerId: customer.id, reservedAt: new Date() });
    return affected === 1;
  }

  private insertCustomer(customer: NewCustomer): Promise<Customer | undefined> {
    return insertOrFind(
      () => this.customers.insert(customer),
      () => this.customers.findOne({ where: { id: customer.id }, withDeleted: true }),
    );
  }
}

function emailIsTaken(): ConflictException {
  return new ConflictException('email belongs to a customer already, or is being registered');
}

/**
 * Inserts a row whose primary key may be taken.
 *
 * It looks for the row after any failure, so it needs not know how each database says *duplicate*, and an insert that was done although
 * its answer got lost counts as done.
 *
 * @returns undefined when it was inserted, else the row that has the key.
 * @throws what the insert threw, when no row has the key.
 */
async function insertOrFind<Row>(insert: () => Promise<unknown>, find: () => Promise<Row | null>): Promise<Row | undefined> {
  try {
    await insert();
    return undefined;
  } catch (error) {
    const found = await find();
    if (found === null) throw error;
    return found;
  }
}
