import { Type } from 'class-transformer';
import { IsDate, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { OnlyOne } from '../validation/only-one';

/** Which page of a list, by the cursors that another page gave. */
export class PageDto {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  /** The `next` of another page. */
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  after?: string;

  /** The `previous` of another page. */
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  @OnlyOne('after', 'before')
  before?: string;
}

/** Which orders of all customers. */
export class ListOrdersDto extends PageDto {
  /** Only orders placed at this time or later. */
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  since?: Date;

  /** Only orders that cost this much or more. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(2_000_000_000)
  minimumCents?: number;
}
