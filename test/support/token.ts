import { createHmac } from 'node:crypto';

/** The `auth.secret` of servers under test. */
export const secret = 'a secret of servers under test, 32 bytes and more';

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** `exp` of a token, seconds since 1970; the default life is an hour. */
export const expiresIn = (seconds: number): number => Math.ceil(Date.now() / 1000) + seconds;

/** An HS256 token with these claims. */
export function mint(
  claims: Readonly<Record<string, unknown>>,
  { key = secret, header = {} }: { key?: string; header?: object } = {},
): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode({ exp: expiresIn(3600), ...claims })}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
