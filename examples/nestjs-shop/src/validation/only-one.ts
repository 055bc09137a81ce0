import { registerDecorator, type ValidationArguments } from 'class-validator';

/** Refuses an object that has both properties. It stands on the second. */
export function OnlyOne(first: string, second: string): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'onlyOne',
      target: target.constructor,
      propertyName: String(propertyName),
      options: { message: `give ${first} or ${second}, not both` },
      validator: { validate: (_value: unknown, { object }: ValidationArguments) => !hasValue(object, first) },
    });
}

function hasValue(object: object, property: string): boolean {
  return (object as Record<string, unknown>)[property] !== undefined;
}
