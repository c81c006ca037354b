import type { Auth, AuthOptions } from './auth.ts';
import { ForeignAuth } from './foreign.ts';
import { OwnAuth } from './own.ts';

/** With `token` the application's own users, without it those who sign in with a password. */
export const createAuth = (options: AuthOptions): Auth => {
  const { token } = options;
  return token === undefined ? new OwnAuth(options) : new ForeignAuth({ ...options, token });
};
