/** What a user keeps about conversations of theirs: settings, mentions, pins. */
export type DirectoryConversations = object;
