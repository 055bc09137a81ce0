import { describeOneDatabase } from './one-database';

describeOneDatabase('postgres');
