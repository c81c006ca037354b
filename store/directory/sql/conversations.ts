import type { DirectoryConversations } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';

export const sqlConversations = (_db: Database, _flavor: SqlFlavor): DirectoryConversations => ({});
