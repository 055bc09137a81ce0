/**
 * Makes a source of numbers in [0, 1), always the same for one seed, so that a run can be repeated.
 *
 * @see Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003.
 */
export function randomNumbers(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
