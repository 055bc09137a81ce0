import { Logger } from '@nestjs/common';
import { AbstractLogger, type LogLevel, type LogMessage, type LogMessageType, type QueryRunner } from 'typeorm';

type Severity = 'debug' | 'error' | 'log' | 'warn';

const SEVERITIES: Readonly<Record<LogLevel | LogMessageType, Severity>> = {
  error: 'error',
  'query-error': 'error',
  warn: 'warn',
  'query-slow': 'warn',
  info: 'log',
  log: 'log',
  'schema-build': 'log',
  migration: 'log',
  schema: 'log',
  query: 'debug',
};

/** Writes what TypeORM and the cluster log to the application's logger. TypeORM's option `logging` says what is logged. */
export class NestTypeOrmLogger extends AbstractLogger {
  readonly #logger = new Logger('ShardedDataSource');

  protected override writeLog(level: LogLevel, message: LogMessage | LogMessage[], _queryRunner?: QueryRunner): void {
    for (const { type, prefix, message: text } of this.prepareLogMessages(message, { highlightSql: false })) {
      this.#logger[SEVERITIES[type ?? level]](prefix ? `${prefix} ${text}` : String(text));
    }
  }
}
