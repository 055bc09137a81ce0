import { describeOneDatabase } from './one-database';

describeOneDatabase('better-sqlite3');
