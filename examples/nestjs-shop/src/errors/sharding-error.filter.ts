import { type ArgumentsHost, BadRequestException, Catch, HttpException, Logger, ServiceUnavailableException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { CursorInvalidError, ScatterBudgetError, ShardingError, ShardKeyInvalidError } from 'typeorm-sharding';

/** Answers the library's errors: what the client sent wrong as 400, what may work later as 503, everything else as 500. */
@Catch(ShardingError)
export class ShardingErrorFilter extends BaseExceptionFilter<ShardingError> {
  readonly #logger = new Logger(ShardingErrorFilter.name);

  override catch(error: ShardingError, host: ArgumentsHost): void {
    const answer = httpExceptionOf(error);
    if (!(answer instanceof BadRequestException)) this.#logger.error(`${error.code}: ${error.message}`, error.stack);
    super.catch(answer as unknown as ShardingError, host);
  }
}

/** The messages of these errors hold no keys and no rows, but names of shards and properties, which are not for everybody. */
function httpExceptionOf(error: ShardingError): HttpException {
  if (error instanceof CursorInvalidError) return new BadRequestException('after or before is no cursor of this list');
  if (error instanceof ShardKeyInvalidError) return new BadRequestException('the id cannot be');
  if (error instanceof ScatterBudgetError) return new ServiceUnavailableException('the list costs too much, ask for less of it');
  if (error.retryable) return new ServiceUnavailableException('a part of the shop cannot be reached, try again soon');
  return new HttpException('Internal server error', 500);
}
