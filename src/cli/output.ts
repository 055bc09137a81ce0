/** Where the line writes: the only way out for everything in this folder but `main.ts`. */
export interface Output {
  /** The result. */
  result(text: string): Promise<void>;
  /** What happens on the way to it. */
  story(text: string): Promise<void>;
}
