import type { Country } from '../countries/country.entity';
import type { Customer } from './customer.entity';

/** A customer as the interface shows it. */
export interface CustomerView {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly country: Country;
  readonly registeredAt: string;
}

/** Shows a customer that was loaded with its country. */
export function customerView({ id, email, name, country, countryCode, registeredAt }: Customer): CustomerView {
  if (!country) throw new Error(`Customer was loaded without its country ${countryCode}.`);
  return { id, email, name, country: { code: country.code, name: country.name }, registeredAt: registeredAt.toISOString() };
}
