/** Where the line writes: the only way out for everything in this folder but `main.ts`. */
export interface Output {
  /** The result. */
  result(text: string): Promise<void>;
  /** What happens on the way to it. */
  story(text: string): Promise<void>;
  /** The terminal that the story goes to, where it goes to one. */
  readonly terminal?: NodeJS.WriteStream;
  /** Asks the person at the terminal; undefined where nobody sits at one. @throws the signal's reason. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<string>;
}
