import { describeOneDatabase } from './one-database';

describeOneDatabase('sqljs');
