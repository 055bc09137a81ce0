import { describeOneDatabase } from './one-database';

describeOneDatabase('mariadb');
