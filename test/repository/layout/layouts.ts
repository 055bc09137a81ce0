import fc from 'fast-check';
import { BaseLayout } from '../../../src';

/** As in the project that layouts come from: the blocks on a user's home page. */
export class UserHomeLayout extends BaseLayout<number[]> {
  static override TABLE_NAME = 'user_home_layout';
}

/** Any JSON value. */
export class NoteLayout extends BaseLayout<unknown> {
  static override TABLE_NAME = 'note_layout';
}

/** Values that JSON gives back as they were; fast-check's own include minus zero, which it does not. */
export const jsonValues = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));
