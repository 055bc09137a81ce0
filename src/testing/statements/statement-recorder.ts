/** One statement as a shard was sent it. */
export interface RecordedStatement {
  /** Name of the shard that it was sent to. */
  readonly shard: string;
  /** With placeholders for the values; `BEGIN TRANSACTION`, `COMMIT` and `ROLLBACK` are statements too. */
  readonly sql: string;
}

/** Hands statements to whoever records them at the moment. */
export class StatementRecorder {
  readonly #records = new Set<RecordedStatement[]>();

  /** Tells all recordings of a statement. */
  sent(statement: RecordedStatement): void {
    for (const record of this.#records) record.push(statement);
  }

  /** Runs a call and answers its result, with what was sent from its begin to its end. */
  async record<T>(call: () => Promise<T> | T): Promise<{ readonly result: T; readonly statements: readonly RecordedStatement[] }> {
    const statements: RecordedStatement[] = [];
    this.#records.add(statements);
    try {
      return { result: await call(), statements };
    } finally {
      this.#records.delete(statements);
    }
  }
}
