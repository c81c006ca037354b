import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const devices = (_: SqlFlavor): Migration => ({
  async up() {},
});
