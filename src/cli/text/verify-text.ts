import type { VerifyReport } from '../../reshard/verify';
import { grouped } from './quantities';
import { table } from './table';

/** What a verification found, for people: what differs, and the verdict. */
export function verifyText({ faults, references, version, isWell }: VerifyReport): string {
  const listed = table(faults, [
    { title: 'shard', cell: ({ shard }) => shard },
    { title: 'kind', cell: ({ kind }) => kind },
    { title: 'what', cell: ({ message }) => message },
  ]);
  const copies = table(references, [
    { title: 'shard', cell: ({ shard }) => shard },
    { title: 'reference table', cell: (each) => each.table },
    { title: 'missing', cell: ({ missing }) => grouped(missing) },
    { title: 'surplus', cell: ({ surplus }) => grouped(surplus) },
    { title: 'different', cell: ({ different }) => grouped(different) },
  ]);
  const verdict = `The databases ${isWell ? 'agree' : 'do not agree'} with version ${version} of the topology.`;
  return [...(faults.length > 0 ? [listed] : []), ...(references.length > 0 ? [copies] : []), verdict].join('\n\n');
}
