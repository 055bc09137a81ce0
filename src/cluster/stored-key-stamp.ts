/** Gives back the object it is made of, so that a class that extends it adds its private field to that object. */
class Stamped {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: what the class is for
    return object;
  }
}

/**
 * A text that an entity object carries where nobody sees it: in a private field, which no listing, copy or comparison of the object
 * shows. It costs a tenth of an entry in a `WeakMap`, which every loaded entity would need, and which the garbage collector has to
 * follow one by one.
 */
export class StoredKeyStamp extends Stamped {
  readonly #owner: object;
  #text: string | undefined;

  private constructor(entity: object, owner: object, text: string | undefined) {
    super(entity);
    this.#owner = owner;
    this.#text = text;
  }

  /** Reads the owner's text; undefined when the object carries none. */
  static read(entity: object, owner: object): string | undefined {
    return #owner in entity && entity.#owner === owner ? entity.#text : undefined;
  }

  /**
   * Writes the owner's text; undefined takes it away.
   *
   * @returns false when the object takes no field, or carries one of another owner; then nothing was written.
   */
  static write(entity: object, owner: object, text: string | undefined): boolean {
    if (!(#owner in entity)) return Object.isExtensible(entity) && new StoredKeyStamp(entity, owner, text) !== undefined;
    if (entity.#owner !== owner) return false;
    entity.#text = text;
    return true;
  }
}
