import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const accounts = (_: SqlFlavor): Migration => ({
  async up() {},
});
