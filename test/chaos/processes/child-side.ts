/** A request of the controller. */
interface Request {
  readonly id: number;
  readonly ask: string;
  readonly given: unknown;
}

/** Answers the controller's requests, until it goes away. */
export function answerRequests(answers: Readonly<Record<string, (given: never) => unknown>>): void {
  process.on('message', async ({ id, ask, given }: Request) => {
    try {
      tell({ id, answer: (await answers[ask]!(given as never)) ?? null });
    } catch (error) {
      tell({ id, error: String((error as Error).stack) });
    }
  });
  // Whoever has no controller any more must not stay.
  process.on('disconnect', () => process.exit(3));
}

/** Tells the controller something that it did not ask for. */
export function tell(message: object): void {
  if (process.connected) process.send!(message);
}
