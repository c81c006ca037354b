import { Buffer } from 'node:buffer';
import { accessSync, constants } from 'node:fs';
import { isFilter, isReserved } from '../topics.ts';
import type { Problem } from './problems.ts';
import type { Config } from './schema.ts';

/** What the schema alone cannot say: rules between keys, and files that must be there. */
export const configRules: readonly ((config: Config) => Problem[])[] = [
  secretIsLongEnough,
  issuersHaveKeys,
  tlsFilesAreReadable,
  customTopicsAreFilters,
  portsDiffer,
];

function secretIsLongEnough({ auth }: Config): Problem[] {
  // [RFC 7518, 3.2] A key of the size of the hash or larger must be used.
  if (auth.secret === undefined || Buffer.byteLength(auth.secret) >= 32) return [];
  return [{ path: 'auth.secret', reason: 'must have 32 bytes or more' }];
}

function issuersHaveKeys({ auth }: Config): Problem[] {
  return auth.issuers.flatMap((issuer, place) => {
    const path = `auth.issuers.${place}`;
    const seenBefore = auth.issuers.findIndex((other) => other.issuer === issuer.issuer) < place;
    return [
      ...((issuer.jwksUri === undefined) === (issuer.jwksFile === undefined)
        ? [{ path, reason: 'must have either jwksUri or jwksFile' }]
        : []),
      ...(seenBefore ? [{ path: `${path}.issuer`, reason: 'is listed before' }] : []),
      ...(issuer.issuer === 'petrel'
        ? [{ path: `${path}.issuer`, reason: "must not be petrel: that is this server's own name" }]
        : []),
      ...fileProblems(`${path}.jwksFile`, issuer.jwksFile),
    ];
  });
}

function tlsFilesAreReadable({ mqtt }: Config): Problem[] {
  if (!mqtt.tls) return [];
  return [
    ...fileProblems('mqtt.tls.cert', mqtt.tls.cert),
    ...fileProblems('mqtt.tls.key', mqtt.tls.key),
    ...fileProblems('mqtt.tls.clientCa', mqtt.tls.clientCa),
  ];
}

function fileProblems(path: string, file: string | undefined): Problem[] {
  if (file === undefined) return [];
  try {
    accessSync(file, constants.R_OK);
    return [];
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return [{ path, reason: missing ? `there is no file ${file}` : `cannot read the file ${file}` }];
  }
}

function customTopicsAreFilters({ topics }: Config): Problem[] {
  return topics.custom.flatMap(({ match }, place) => {
    const reason = filterProblem(match);
    return reason === undefined ? [] : [{ path: `topics.custom.${place}.match`, reason }];
  });
}

function filterProblem(match: string): string | undefined {
  if (!isFilter(match))
    return 'must be an MQTT topic filter: + and # stand alone in their level, # at the end';
  if (match.startsWith('$')) return 'must not begin with $: a rule for a topic also holds for its shares';
  if (isReserved(match))
    return `must not begin with ${match.split('/', 1)[0]}: these topics have rules of their own`;
  return undefined;
}

function portsDiffer({ mqtt, http }: Config): Problem[] {
  const taken = new Map<number, string>([[mqtt.port, 'mqtt.port']]);
  const others: [string, number | undefined][] = [
    ['mqtt.tls.port', mqtt.tls?.port],
    ['http.port', http.port],
  ];
  return others.flatMap(([path, port]) => {
    if (port === undefined || port === 0) return [];
    const other = taken.get(port);
    taken.set(port, path);
    return other === undefined || (path === 'http.port' && http.host !== mqtt.host)
      ? []
      : [{ path, reason: `is the same as ${other}` }];
  });
}
