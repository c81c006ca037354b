import type { DirectoryFriends } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';

export const sqlFriends = (_db: Database, _flavor: SqlFlavor): DirectoryFriends => ({});
