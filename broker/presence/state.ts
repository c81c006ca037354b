import { isUtf8 } from 'node:buffer';
import type { Platform } from '../../schemas/identity.ts';
import { platforms } from '../../schemas/identity.ts';

/** What `presence/{uid}` says. A state is never changed: another one takes its place. */
export interface State {
  readonly online: boolean;
  /** Online or offline since then, ms. */
  readonly ts: number;
  /** Of the connections there are now; those without one are in none. */
  readonly platforms?: readonly Platform[];
  /** What the will said that told of the end. */
  readonly status?: unknown;
}

export const offline = (ts: number, status?: string): State => ({
  online: false,
  ts,
  ...(status !== undefined && { status: parseStatus(status) }),
});

export const isSame = (a: State | undefined, b: State): boolean =>
  a === b ||
  (a?.online === b.online && a.ts === b.ts && a.platforms === b.platforms && a.status === b.status);

export const toPayload = (uid: string, state: State): Buffer =>
  Buffer.from(JSON.stringify({ uid, ...state }));

const lists = new Map<string, readonly Platform[]>();

/** The platforms among these, each once, in one order; the same list for the same platforms. */
export function listOf(found: ReadonlySet<Platform | undefined>): readonly Platform[] {
  const list = platforms.filter((platform) => found.has(platform));
  const key = list.join();
  const known = lists.get(key);
  if (known === undefined) lists.set(key, list);
  return known ?? list;
}

const maxStatusBytes = 1024;

/** The text of a will to one's presence; undefined where it says nothing that is kept. */
export const readStatus = (payload: Buffer): string | undefined =>
  payload.length === 0 || payload.length > maxStatusBytes || !isUtf8(payload)
    ? undefined
    : payload.toString('utf8');

/** A JSON object as it is, all else as text. */
function parseStatus(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
