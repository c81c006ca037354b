import type { Texts } from '../i18n/index.ts';

export type Mode = 'create' | 'signIn';

export interface Credentials {
  readonly uid: string;
  readonly password: string;
}

/** What is wrong, in words, at the field that it is about; `form` where it is about none. */
export interface FieldErrors {
  readonly uid?: string;
  readonly password?: string;
  readonly form?: string;
}

/** User names are small; a phone's keyboard likes to begin with a capital. */
export function normalizeUid(typed: string): string {
  return typed.trim().toLowerCase();
}

/** Whether there can be a user of this name. */
export function isUid(uid: string): boolean {
  return /^[a-z0-9][a-z0-9_.-]{0,63}$/.test(uid);
}

/** What one sees without asking the server. Signing in does not check form: the server knows what it has. */
export function checkCredentials(mode: Mode, { uid, password }: Credentials, t: Texts): FieldErrors {
  const texts = t.shell.start;
  if (uid === '') return { uid: texts.missingUserName };
  if (mode === 'create' && !isUid(uid)) return { uid: texts.badUserName };
  if (password === '') return { password: texts.missingPassword };
  if (mode === 'signIn') return {};
  // The server counts characters, not halves of them.
  const length = [...password].length;
  if (length < 8) return { password: texts.shortPassword };
  if (length > 128) return { password: texts.longPassword };
  return {};
}

/** Where a refusal by the server is told. */
export function placeError(code: string, text: string): FieldErrors {
  if (code === 'user.exists') return { uid: text };
  if (code === 'auth.bad-credentials') return { password: text };
  return { form: text };
}
