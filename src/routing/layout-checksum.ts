import { createHash } from 'node:crypto';
import type { Layout } from './layout';

/**
 * Hashes a layout to text that is equal for equal ownership and changes with any key that moves.
 *
 * It depends on the placement's kind and parameters and on who owns what; not on the order of shards in memory or in the
 * configuration.
 *
 * @returns The first 128 bits of a SHA-256, in hexadecimal.
 */
export function layoutChecksum(layout: Layout): string {
  const { numbers, rules } = numberedByAppearance(layout);
  const segments = Array.from(layout.starts, (start, index) => `${start},${numbers[layout.ruleIndexes[index]!]}`);
  const head = JSON.stringify(['typeorm-sharding/1', layout.placement, layout.parameters, String(layout.end), rules]);
  return createHash('sha256').update(head).update(segments.join(';')).digest('hex').slice(0, 32);
}

function numberedByAppearance({ ruleIndexes, rules }: Layout) {
  const numbers: number[] = [];
  const appeared: (readonly string[])[] = [];
  for (let index = 0; index < ruleIndexes.length; index += 1) {
    const rule = ruleIndexes[index]!;
    if (numbers[rule] === undefined) numbers[rule] = appeared.push(rules[rule]!.shards) - 1;
  }
  return { numbers, rules: appeared };
}
