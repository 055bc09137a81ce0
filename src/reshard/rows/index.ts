export { checksumOf } from './checksum';
export { type ChunkBeginning, type CountedMember, chunkBeginning } from './chunk-beginning';
export { compareRows, type RowDifference } from './compare-rows';
export type { CopiedColumn } from './copied-column';
export type { CopiedRow, CopiedRows, TableRows } from './copied-rows';
export { type DepartureBatch, deleteStretch, deleteStretches, departureBatch } from './delete-stretch';
export type { CopiedTable, MovableTable } from './movable-table';
export { movableTables, referenceTables } from './movable-tables';
export type { MovedStretch, Stretch } from './moved-stretch';
export { type MoverSource, openMoverSource } from './mover-source';
export { readStretches, readWritten } from './read-stretches';
export {
  compareReferenceTable,
  copyReferenceTable,
  type ReferenceCopy,
  type ReferenceOptions,
  type ReferenceSide,
} from './reference-table';
export { stretchCounts } from './stretch-counts';
export type { SelfReference } from './table-order';
export type { TablePosition } from './table-position';
export { writeRows } from './write-rows';
