/**
 * Whether an answer says that there was nothing: no rows, a count or sum of nothing, no row affected. Where drivers do not say how many
 * rows they affected it counts as nothing, since it must not be believed.
 */
export function isEmptyAnswer(answer: unknown): boolean {
  if (answer === null || answer === undefined || answer === 0 || answer === false) return true;
  if (Array.isArray(answer)) return answer.length === 0 || (answer.length === 2 && isEmptyList(answer[0]) && answer[1] === 0);
  if (typeof answer !== 'object' || !('affected' in answer)) return false;
  return !answer.affected;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
