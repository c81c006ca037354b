/** What a conversation's id says. */
export interface Conv {
  readonly conv: string;
  readonly kind: 'direct' | 'group';
  /** The other user of a direct conversation; oneself for notes. */
  readonly uid?: string;
  readonly gid?: string;
}

/** `u:{a}:{b}`, the two uids in ascending order. */
export const directConv = (a: string, b: string): string => (a < b ? `u:${a}:${b}` : `u:${b}:${a}`);

export const groupConv = (gid: string): string => `g:${gid}`;

/** A conversation as `me` sees it. Throws RangeError for what is no conversation of theirs. */
export function parseConv(conv: string, me: string): Conv {
  const [kind, a, b, ...more] = conv.split(':');
  if (kind === 'g' && a && b === undefined) return { conv, kind: 'group', gid: a };
  const isDirect = kind === 'u' && a && b && more.length === 0 && a <= b;
  if (!isDirect || (a !== me && b !== me)) throw new RangeError(`${conv} is no conversation of ${me}`);
  return { conv, kind: 'direct', uid: a === me ? b : a };
}

/** How the topics about it end: `send/{here}`, `read/{here}`, `typing/{here}`. */
export const topicOf = ({ uid, gid }: Conv): string => (gid === undefined ? `u/${uid}` : `g/${gid}`);
