import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const groups = (_: SqlFlavor): Migration => ({
  async up() {},
});
