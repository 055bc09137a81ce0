export { explainSelect, type SelectExplanation } from './explain-select';
export { type AggregateCall, scatterAggregate, scatterGrouped } from './grouped';
export { iterateEntities } from './iterate';
export { type Page, scatterPage } from './keyset-page';
export { scatterRaw } from './raw';
export type { Recipe, ScatterCall } from './scatter-call';
export { scatterCount, scatterExists, scatterMany, scatterManyAndCount, scatterOne, scatterRawAndEntities } from './select';
