import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { CountriesService, type WrittenCountry } from './countries.service';
import { CountryParams, PutCountryDto } from './country.dto';
import type { Country } from './country.entity';

@Controller('countries')
export class CountriesController {
  constructor(private readonly countries: CountriesService) {}

  @Get()
  list(): Promise<Country[]> {
    return this.countries.list();
  }

  @Put(':code')
  put(@Param() { code }: CountryParams, @Body() { name }: PutCountryDto): Promise<WrittenCountry> {
    return this.countries.put({ code, name });
  }
}
