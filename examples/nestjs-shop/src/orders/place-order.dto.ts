import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { trimmed } from '../validation/text';

/** A line of an order that is placed. A shop with a catalogue would look the price up, in a reference table. */
export class PlaceItemDto {
  @Transform(trimmed)
  @IsString()
  @Length(1, 100)
  product!: string;

  @IsInt()
  @Min(1)
  @Max(100)
  quantity!: number;

  @IsInt()
  @Min(0)
  @Max(1_000_000)
  unitPriceCents!: number;
}

/** An order that is placed. The limits keep its total inside a column of 32 bits. */
export class PlaceOrderDto {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => PlaceItemDto)
  items!: PlaceItemDto[];
}
