import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const friends = (_: SqlFlavor): Migration => ({
  async up() {},
});
