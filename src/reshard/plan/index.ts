export { makePlan, makePlanTo, type PlanOptions } from './make-plan';
export { type PlannedMoves, type PlanTarget, planMoves, planTo } from './plan-moves';
