/** What operators and applications' backends do: the audit log and broadcasts. */
export type DirectoryOperators = object;
