import type { ReshardChange } from '../reshard-change';

/** What was asked for, in words: `add s3; reweigh s2 to 2`. */
export function changeTitle({ add = [], remove = [], reweigh = {}, placement, group }: ReshardChange): string {
  const weights = Object.entries(reweigh).map(([name, weight]) => `${name} to ${weight}`);
  const parts = [
    ...(add.length > 0 ? [`add ${add.join(', ')}`] : []),
    ...(remove.length > 0 ? [`remove ${remove.join(', ')}`] : []),
    ...(weights.length > 0 ? [`reweigh ${weights.join(', ')}`] : []),
    ...(placement ? [`place by ${placement.describe()}`] : []),
  ];
  return `${parts.join('; ')}${group === undefined ? '' : ` in group ${group}`}`;
}
