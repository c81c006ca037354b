import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const operators = (_: SqlFlavor): Migration => ({
  async up() {},
});
