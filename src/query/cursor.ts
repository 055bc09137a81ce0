import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { CursorInvalidError } from '../errors';

/** The place of a row in an ordered list: its values of the order's terms. */
export type CursorValues = readonly (string | number | null)[];

/** Of which query a cursor is. */
export interface CursorShape {
  readonly entity: string;
  /** Whatever the query's order and conditions are, without the values that they compare with. */
  readonly query: unknown;
  readonly terms: number;
  /** Signs cursors, so that nobody can make one up; undefined for unsigned ones. */
  readonly secret?: string | undefined;
}

const VERSION = 1;
const DIGEST_BYTES = 12;
const SIGNATURE_BYTES = 16;

/** Writes a place as an opaque text, safe in URLs. It is signed with the secret, but not encrypted: who has it can read the values. */
export function encodeCursor(values: CursorValues, shape: CursorShape): string {
  const payload = Buffer.from(JSON.stringify([VERSION, digestOf(shape), ...values.map(toJson)]));
  return Buffer.concat([signatureOf(payload, shape.secret), payload]).toString('base64url');
}

/**
 * Reads a place from a cursor.
 *
 * @throws {CursorInvalidError} for a text that is no cursor, whose signature is wrong, or that belongs to another query.
 */
export function decodeCursor(cursor: string, shape: CursorShape): CursorValues {
  const bytes = Buffer.from(cursor, 'base64url');
  const signatureBytes = shape.secret === undefined ? 0 : SIGNATURE_BYTES;
  const payload = bytes.subarray(signatureBytes);
  const signature = signatureOf(payload, shape.secret);
  if (bytes.length < signatureBytes || !timingSafeEqual(bytes.subarray(0, signatureBytes), signature)) {
    throw new CursorInvalidError(shape.entity, 'its signature is wrong');
  }
  const [version, digest, ...values] = parse(payload, shape.entity);
  if (version !== VERSION) throw new CursorInvalidError(shape.entity, 'it was made by another version');
  if (digest !== digestOf(shape))
    throw new CursorInvalidError(shape.entity, 'it belongs to a query with other conditions or another order');
  const places = values.map(fromJson);
  if (places.length !== shape.terms || places.includes(undefined)) throw new CursorInvalidError(shape.entity, 'it is damaged');
  return places as CursorValues;
}

function digestOf({ entity, query }: CursorShape): string {
  return createHash('sha256')
    .update(JSON.stringify([entity, query]))
    .digest()
    .subarray(0, DIGEST_BYTES)
    .toString('base64url');
}

function signatureOf(payload: Buffer, secret: string | undefined): Buffer {
  if (secret === undefined) return Buffer.alloc(0);
  return createHmac('sha256', secret).update(payload).digest().subarray(0, SIGNATURE_BYTES);
}

function parse(payload: Buffer, entity: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(payload.toString());
    if (Array.isArray(parsed)) return parsed;
  } catch {
    // Said below, without the parser's message, which would quote the text.
  }
  throw new CursorInvalidError(entity, 'it is damaged');
}

/** JSON has no infinite numbers and no NaN, which PostgreSQL's columns can hold. */
function toJson(value: string | number | null): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? [String(value)] : value;
}

function fromJson(value: unknown): string | number | null | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  return Array.isArray(value) && typeof value[0] === 'string' ? Number(value[0]) : undefined;
}
