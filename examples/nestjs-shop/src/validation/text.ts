import type { TransformFnParams } from 'class-transformer';

const onText = (change: (text: string) => string) => (parameters: TransformFnParams) => {
  const value: unknown = parameters.value;
  return typeof value === 'string' ? change(value) : value; // What is no text is left for the validator to refuse.
};

/** For `@Transform`: the text without blanks around it. */
export const trimmed = onText((text) => text.trim());

/** For `@Transform`: the text in capitals, without blanks around it. */
export const capitals = onText((text) => text.trim().toUpperCase());

/** For `@Transform`: an e-mail address in the one form that the shop stores and looks up. Two that differ in case are one to it. */
export const normalizedEmail = onText((text) => text.trim().normalize('NFC').toLowerCase());
