/** Writes a count with the word that belongs to it, for example `1 row` and `1,200 rows`. */
export function counted(count: number, word: string): string {
  return `${grouped(count)} ${word}${count === 1 ? '' : 's'}`;
}

/** Writes a whole number in groups of three digits. */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en');
}

/** Writes bytes in the largest unit of which there is one, for example `1.5 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power > 0 && value < 100 ? value.toFixed(1) : grouped(value)} ${units[power]}`;
}

/** Writes a time in the two largest units of which there is one, for example `1 min 20 s`. */
export function secondsText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${grouped(Math.floor(whole / 3_600))} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** Writes how much of a total is done, rounded down, so that `100 %` is all of it. */
export function percentText(done: number, total: number): string {
  return `${total === 0 ? 100 : Math.floor((100 * done) / total)} %`;
}
