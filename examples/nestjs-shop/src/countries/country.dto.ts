import { Transform } from 'class-transformer';
import { IsISO31661Alpha2, IsString, Length } from 'class-validator';
import { capitals, trimmed } from '../validation/text';

/** The part of the address that names a country. */
export class CountryParams {
  @Transform(capitals)
  @IsISO31661Alpha2({ message: 'code must be a country code of ISO 3166-1, such as FR' })
  code!: string;
}

/** What is written about a country. */
export class PutCountryDto {
  @Transform(trimmed)
  @IsString()
  @Length(1, 100)
  name!: string;
}
