import { Type } from 'typebox';
import type { Caller, Operation } from '../operation.ts';
import { openOperation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { input, label, none, platform, session, uid } from './shapes.ts';

export const newPassword = Type.String({
  minLength: 8,
  maxLength: 128,
  description: 'All characters count.',
});
/** Whoever signs in is told no rule of passwords: a wrong one is wrong. */
export const password = Type.String({ maxLength: 1024 });
const device = Type.String({
  pattern: '^[A-Za-z0-9_.:-]{1,64}$',
  description: 'Device id; one is made where absent.',
});
const deviceName = Type.String({
  ...label(100),
  description: 'What the device is called among the user’s own, as `Firefox on Linux`.',
});

export function authOperations({ accounts }: Pick<Services, 'accounts'>): Operation[] {
  return [
    openOperation({
      name: 'auth.register',
      method: 'POST',
      path: '/auth/register',
      summary: 'Register a user and sign in',
      input: input({
        uid,
        password: newPassword,
        name: Type.Optional(label(100)),
        device: Type.Optional(device),
        deviceName: Type.Optional(deviceName),
        platform: Type.Optional(platform),
      }),
      output: session,
      status: 201,
      errors: ['user.exists', 'auth.registration-closed'],
      handle: async (given, { address }) => (await accounts.register({ ...given, address })).session,
    }),
    openOperation({
      name: 'auth.login',
      method: 'POST',
      path: '/auth/login',
      summary: 'Sign in with a password',
      input: input({
        uid,
        password,
        device: Type.Optional(device),
        deviceName: Type.Optional(deviceName),
        platform: Type.Optional(platform),
        otp: Type.Optional(Type.String({ maxLength: 16 })),
      }),
      output: session,
      status: 200,
      errors: ['auth.bad-credentials', 'auth.banned', 'auth.too-many-attempts'],
      handle: async ({ otp: _, ...given }, { address }) =>
        (await accounts.login({ ...given, address })).session,
    }),
    openOperation({
      name: 'auth.refresh',
      method: 'POST',
      path: '/auth/refresh',
      summary: 'Exchange a refresh token for a new session; each is good once',
      input: input({
        refreshToken: Type.String({ minLength: 1, maxLength: 512 }),
        nonce: Type.Optional(
          Type.String({
            pattern: '^[A-Za-z0-9_-]{32,128}$',
            description:
              '16 random bytes or more: with the same ones it may be asked again until it is answered.',
          }),
        ),
      }),
      output: session,
      status: 200,
      errors: ['auth.bad-token', 'auth.refresh-reused', 'auth.banned'],
      async handle({ refreshToken, nonce }, { identity: current, renew }: Caller) {
        const { session: renewed, identity } = await accounts.refresh(refreshToken, nonce);
        if (current?.uid === identity.uid) renew?.(identity);
        return renewed;
      },
    }),
    userOperation({
      name: 'auth.logout',
      method: 'POST',
      path: '/auth/logout',
      summary: 'Sign this device out, or all, and end their connections',
      input: input({ all: Type.Optional(Type.Boolean({ description: 'Every device of the user.' })) }),
      output: none,
      status: 204,
      errors: [],
      async handle({ all = false }, { identity, did }) {
        await accounts.logout(identity, did ?? identity.did, all);
        return null;
      },
    }),
  ];
}
