import { createAccounts } from '../api/auth/accounts.ts';
import { createSharedAttempts } from '../api/auth/attempts.ts';
import { createAuthenticator } from '../api/auth/authenticator.ts';
import { SigningKeys } from '../api/auth/keys.ts';
import { Revocations } from '../api/auth/revocations.ts';
import type { Config } from '../schemas/config.ts';
import { systemUid } from '../schemas/identity.ts';
import { internalScope } from '../schemas/work.ts';
import type { Bus } from '../store/bus.ts';
import type { Directory } from '../store/directory.ts';
import type { Rates } from '../store/rates.ts';
import type { Closing } from './closing.ts';

/** It is asked for at the beginning of a connection. */
const nodeTokenSeconds = 300;

export interface IdentityOptions {
  readonly config: Config;
  readonly directory: Directory;
  readonly bus: Bus;
  /** Counts failed attempts for all nodes; absent where this one is the only one. */
  readonly rates?: Rates | undefined;
  readonly now: () => number;
}

/** Who somebody is: keys, tokens, sign-ins, and what ended them. */
export type IdentityParts = Awaited<ReturnType<typeof createIdentity>>;

export async function createIdentity(
  { config, directory, bus, rates, now }: IdentityOptions,
  closing: Closing,
) {
  const { auth, limits } = config;
  const keys = await SigningKeys.open({ directory, accessTtl: auth.accessTtl, clock: now });
  const revocations = await Revocations.open({ directory, bus, accessTtl: auth.accessTtl, clock: now });
  closing.add(() => revocations.close());
  const shared = { auth, limits, directory, bus, keys, revocations, clock: now };
  return {
    keys,
    revocations,
    authenticator: await createAuthenticator(shared),
    accounts: createAccounts({
      ...shared,
      ...(rates !== undefined && {
        attempts: createSharedAttempts(limits.loginAttempts, now, rates),
      }),
    }),
    /** By which nodes know each other. */
    nodeToken: () => keys.sign({ uid: systemUid, scope: internalScope }, nodeTokenSeconds),
  };
}
