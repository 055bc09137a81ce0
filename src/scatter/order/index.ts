export { joinsToMany, readOrder } from './order-terms';
export { RowOrder, type SortedRow } from './ranks';
export type { SortValue } from './sort-kind';
export { type OrderReading, planSort, readSortValues, reversed, type SortPlan, type SortTerm, sortAlias } from './sort-plan';
