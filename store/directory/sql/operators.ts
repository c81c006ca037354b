import type { DirectoryOperators } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';

export const sqlOperators = (_db: Database, _flavor: SqlFlavor): DirectoryOperators => ({});
