import { hash } from 'node:crypto';
import { shortMd5 } from './short-md5';

/**
 * Hashes a canonical key to its position: the first 12 hexadecimal digits of the MD5 of its UTF-8 text.
 *
 * 48 bits are exact in a JS number and computable in SQL: `CONV(LEFT(MD5(k), 12), 16, 10)`. MD5 spreads here, it protects nothing.
 *
 * @param canonicalText - See `canonicalKey`.
 * @returns An integer in [0, 2^48).
 * @see RFC 1321.
 */
export function hashPosition(canonicalText: string): number {
  // An insert asks twice for one text: to route the row, and to write its position.
  if (canonicalText !== last.text) last = { text: canonicalText, position: digestPosition(canonicalText) };
  return last.position;
}

let last = { text: '', position: digestPosition('') };

function digestPosition(canonicalText: string): number {
  return shortMd5(canonicalText) ?? digestLong(canonicalText);
}

function digestLong(canonicalText: string): number {
  // The one-shot `hash` to a string costs a third of `createHash` or of a Buffer on Node 20.
  const digest = hash('md5', canonicalText, 'binary');
  const high = (digest.charCodeAt(0) << 16) | (digest.charCodeAt(1) << 8) | digest.charCodeAt(2);
  const low = (digest.charCodeAt(3) << 16) | (digest.charCodeAt(4) << 8) | digest.charCodeAt(5);
  return high * 0x1000000 + low;
}
