import { loadConfig } from '../schemas/config.ts';
import { isUid, platforms, reservedUids } from '../schemas/identity.ts';
import { choice, parsed, UsageError } from './arguments.ts';
import { exit, type Surroundings } from './surroundings.ts';

/** `petrel token <uid>`: prints an access token and nothing else. */
export async function token(args: readonly string[], around: Surroundings): Promise<number> {
  const { values, words } = parsed(
    args,
    {
      scope: { type: 'string', multiple: true },
      ttl: { type: 'string', default: '3600' },
      did: { type: 'string' },
      plat: { type: 'string' },
      config: { type: 'string' },
    },
    1,
  );
  const [uid] = words;
  if (uid === undefined) throw new UsageError('Whose token? Give a uid.');
  if (!isUid(uid) || reservedUids.has(uid)) throw new UsageError(`'${uid}' is not a uid.`);
  const claims = {
    uid,
    ttl: seconds(values.ttl),
    ...(values.scope ? { scope: values.scope.join(' ') } : {}),
    ...(values.did !== undefined ? { did: deviceId(values.did) } : {}),
    ...(values.plat !== undefined ? { platform: choice('--plat', values.plat, platforms) } : {}),
  };
  const { config } = loadConfig({ file: values.config, env: around.env });
  around.out(await around.issueToken(config, claims));
  return exit.ok;
}

const maxTtl = 315_360_000;

function seconds(text: string): number {
  const ttl = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (ttl < 1 || ttl > maxTtl) throw new UsageError(`--ttl must be seconds, from 1 to ${maxTtl}.`);
  return ttl;
}

function deviceId(text: string): string {
  if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(text))
    throw new UsageError('--did must be 1 to 64 of A-Z a-z 0-9 _ . : -');
  return text;
}
