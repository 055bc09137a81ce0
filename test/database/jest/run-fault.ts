/** An error that jest shows as its message alone: it prints the stack, and the reader can do nothing with that of a machine's fault. */
export function runFault(message: string): Error {
  return Object.assign(new Error(message), { stack: message });
}
