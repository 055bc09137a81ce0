import { type ValidationError, validateSync } from 'class-validator';

/**
 * Checks an options object against a class decorated with class-validator's rules.
 *
 * @param at - where the object stands, for the sentences, for example `shards[1]`.
 * @returns One sentence for each fault, without the values found; empty when there is none.
 */
export function faultsOf(shape: new () => object, options: object, at: string): readonly string[] {
  const candidate = Object.assign(new shape(), options);
  return validateSync(candidate, { forbidUnknownValues: false }).flatMap((error) => sentences(error, at));
}

function sentences(error: ValidationError, at: string): readonly string[] {
  const own = Object.values(error.constraints ?? {}).map((sentence) => `${at}: ${sentence}.`);
  return [...own, ...(error.children ?? []).flatMap((child) => sentences(child, `${at}.${error.property}`))];
}
