import { Transform } from 'class-transformer';
import { IsEmail, IsISO31661Alpha2, IsString, Length, MaxLength } from 'class-validator';
import { capitals, normalizedEmail, trimmed } from '../validation/text';

/** What a new customer tells. */
export class RegisterCustomerDto {
  @Transform(normalizedEmail)
  @IsEmail()
  @MaxLength(254)
  email!: string;

  @Transform(trimmed)
  @IsString()
  @Length(1, 100)
  name!: string;

  @Transform(capitals)
  @IsISO31661Alpha2({ message: 'country must be a country code of ISO 3166-1, such as FR' })
  country!: string;
}

/** How a customer is looked for. */
export class FindCustomerDto {
  @Transform(normalizedEmail)
  @IsEmail()
  @MaxLength(254)
  email!: string;
}
