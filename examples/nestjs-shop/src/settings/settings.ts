import { Expose, plainToInstance, Transform, Type } from 'class-transformer';
import { ArrayMinSize, IsBoolean, IsIn, IsInt, IsOptional, IsString, Max, Min, MinLength, validateSync } from 'class-validator';
import { parseShardAddresses, type ShardAddress } from './shard-address';

/** The servers that `npm run databases` starts. */
const LOOPBACK_SHARDS = [13306, 13307, 13308].map((port, index) => `shard-${index + 1}=mysql://shop:shop@127.0.0.1:${port}/shop`).join(' ');

/** Settings of the shop, from environment variables; {@link readSettings} checks them all at once. */
export class Settings {
  /** Where the shards are: SQLite in this process's memory, or the MariaDB servers of `shards`. */
  @Expose({ name: 'SHOP_DATABASE' })
  @IsIn(['memory', 'mariadb'], { message: 'SHOP_DATABASE must be memory or mariadb' })
  readonly database: 'memory' | 'mariadb' = 'memory';

  /** The shards, by name. Names are for good: which shard owns a key is computed from them. */
  @Expose({ name: 'SHOP_SHARDS' })
  @Transform(({ value }) => (typeof value === 'string' ? parseShardAddresses(value) : value))
  @ArrayMinSize(1, { message: 'SHOP_SHARDS must be a list of name=mysql://user:password@host:port/database, separated by blanks' })
  readonly shards: readonly ShardAddress[] = parseShardAddresses(LOOPBACK_SHARDS) ?? [];

  /** Whether tables are made and changed at the start. Handy here; in production migrations do it. */
  @Expose({ name: 'SHOP_SYNCHRONIZE' })
  @Transform(({ value }) => ({ true: true, false: false })[String(value)] ?? value)
  @IsBoolean({ message: 'SHOP_SYNCHRONIZE must be true or false' })
  readonly synchronize: boolean = true;

  /** How old a reservation of an e-mail address must be before another registration may take it over, in seconds. */
  @Expose({ name: 'SHOP_RESERVATION_SECONDS' })
  @Type(() => Number)
  @IsInt({ message: 'SHOP_RESERVATION_SECONDS must be a number of seconds, 0 or more' })
  @Min(0, { message: 'SHOP_RESERVATION_SECONDS must be a number of seconds, 0 or more' })
  readonly reservationSeconds: number = 60;

  /** Signs the cursors of pages, so that clients cannot make them up. */
  @Expose({ name: 'SHOP_CURSOR_SECRET' })
  @IsOptional()
  @MinLength(16, { message: 'SHOP_CURSOR_SECRET must have 16 characters or more' })
  readonly cursorSecret?: string;

  /** The address that the shop listens on. */
  @Expose({ name: 'SHOP_HOST' })
  @IsString()
  readonly host: string = '127.0.0.1';

  /** The port that the shop listens on. */
  @Expose({ name: 'SHOP_PORT' })
  @Type(() => Number)
  @IsInt({ message: 'SHOP_PORT must be 0 to 65535' })
  @Min(0, { message: 'SHOP_PORT must be 0 to 65535' })
  @Max(65_535, { message: 'SHOP_PORT must be 0 to 65535' })
  readonly port: number = 3000;
}

/**
 * Reads the settings.
 *
 * @param environment - the environment variables; those that are not set, or empty, have defaults that fit `npm run databases`.
 * @throws Error with one line for each fault; no line holds a value, which may be a password.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const settings = plainToInstance(Settings, given, { excludeExtraneousValues: true, exposeDefaultValues: true });
  const faults = validateSync(settings).flatMap(({ constraints = {} }) => Object.values(constraints));
  if (faults.length > 0) throw new Error(`The shop cannot start:\n${[...new Set(faults)].map((fault) => `  ${fault}`).join('\n')}`);
  return settings;
}
