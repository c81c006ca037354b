import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const conversations = (_: SqlFlavor): Migration => ({
  async up() {},
});
