/** What the operations of a family are about, in the order of the documents. */
const descriptions = {
  auth: 'Accounts: registration, sign-in, fresh tokens, sign-out.',
  me: "The asker's own account.",
  users: 'Other users.',
  devices: "The asker's devices: where they are signed in.",
  friends: 'Friends, and requests for friendship.',
  blocks: 'Whom the asker does not want to hear of.',
  groups: 'Groups, their members, and the ways into them.',
  conversations: "The asker's conversations, direct ones and groups alike.",
  messages: 'What is in a conversation: history, sending, changes, receipts.',
  sync: 'What a device missed.',
  admin: "For an application's own backend and its operators: scope `admin`.",
} as const;

type Tag = keyof typeof descriptions;

/** Operations without a family of their own name. */
const families: Readonly<Record<string, Tag>> = {
  history: 'messages',
  receipts: 'messages',
  pins: 'messages',
};

/** The family of an operation. */
export function tagOf(name: string): string {
  const family = name.split('.', 1)[0]!;
  return families[family] ?? family;
}

/** The tags that these operations have, with what they mean. */
export const tagsOf = (names: readonly string[]): { name: string; description?: string }[] => {
  const used = new Set(names.map(tagOf));
  const known = Object.entries(descriptions).filter(([name]) => used.has(name));
  const others = [...used].filter((name) => !Object.hasOwn(descriptions, name));
  return [
    ...known.map(([name, description]) => ({ name, description })),
    ...others.map((name) => ({ name })),
  ];
};
