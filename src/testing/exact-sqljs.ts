import { createRequire } from 'node:module';
import type * as sqljs from 'sql.js';
import { ConfigurationError } from '../errors';

type Load = (config?: object) => Promise<sqljs.SqlJsStatic>;

/** The types of sql.js lack the second parameter. */
type ReadRow = (parameters: undefined, config: { readonly useBigInt: boolean }) => sqljs.ParamsObject;

const load = createRequire(__filename);

/** @throws {ConfigurationError} when sql.js is not installed. */
export function requireSqljs(): void {
  sqljsModule();
}

/** sql.js whose integers arrive exactly: as numbers where these are exact, else as text, as TypeORM has them from MySQL and PostgreSQL. */
export async function exactSqljs(config?: object): Promise<Pick<sqljs.SqlJsStatic, 'Database'>> {
  const { Database } = await sqljsModule()(config);
  class ExactDatabase extends Database {
    override prepare(sql: string, parameters?: sqljs.BindParams): sqljs.Statement {
      const statement = super.prepare(sql, parameters);
      const read = statement.getAsObject.bind(statement) as ReadRow;
      statement.getAsObject = () => exactRow(read(undefined, { useBigInt: true }));
      return statement;
    }
  }
  return { Database: ExactDatabase };
}

function sqljsModule(): Load {
  try {
    return load('sql.js') as Load;
  } catch (error) {
    throw new ConfigurationError(
      ['A test cluster keeps its databases in memory with sql.js, which is not installed: npm install --save-dev sql.js.'],
      { cause: error },
    );
  }
}

function exactRow(row: sqljs.ParamsObject): sqljs.ParamsObject {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value !== 'bigint') continue;
    const near = Number(value);
    row[name] = Number.isSafeInteger(near) ? near : String(value);
  }
  return row;
}
