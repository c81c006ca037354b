import { type Static, Type } from 'typebox';
import { uidPattern } from '../identity.ts';
import { file, flag, host, integer, oneOf, port, section, service, strings } from './fields.ts';
import { actionLimits, audit, friends, groups, messages, moderation } from './social.ts';

const tls = Type.Object(
  {
    port: port(8883, 'Port of MQTT over TLS.'),
    cert: file('Certificate chain, PEM.'),
    key: file('Private key of the certificate, PEM.'),
    clientCa: Type.Optional(
      file('Certificate authorities, PEM: clients must then show a certificate that one of them signed.'),
    ),
  },
  {
    note: 'off',
    additionalProperties: false,
    description: 'MQTT over TLS beside plain MQTT. The files are read again when they change.',
  },
);

const issuer = Type.Object(
  {
    issuer: Type.String({ minLength: 1, description: 'The `iss` its tokens carry.' }),
    jwksUri: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s]+$',
        expected: 'an http:// or https:// address',
        description: 'Where its public keys are served.',
      }),
    ),
    jwksFile: Type.Optional(file('Or a file with its public keys (a JSON Web Key Set).')),
    audience: Type.Optional(
      Type.String({ minLength: 1, description: 'The `aud` its tokens must carry; any where absent.' }),
    ),
    uidClaim: Type.Optional(
      Type.String({ minLength: 1, description: 'The claim that holds the uid; `sub` where absent.' }),
    ),
  },
  { additionalProperties: false },
);

const topicRule = Type.Object(
  {
    match: Type.String({
      minLength: 1,
      description: "MQTT filter of the topics it is about; `{uid}` in it is the client's own uid.",
    }),
    allow: Type.Array(Type.Enum(['publish', 'subscribe']), {
      minItems: 1,
      expected: 'a list of publish, subscribe or both',
      description: 'What it allows; what is not named is refused.',
    }),
    uid: Type.Optional(
      Type.String({
        pattern: uidPattern.source,
        expected: 'a uid',
        description: 'Only for this user.',
      }),
    ),
    scope: Type.Optional(
      Type.String({
        pattern: '^[^\\s]+$',
        expected: 'one word',
        description: 'Only for tokens with this scope.',
      }),
    ),
  },
  { additionalProperties: false },
);

/**
 * Every key of the configuration: its type, bounds, default, unit and meaning. Checks, types, the names of the
 * environment variables and docs/configuration.md come from here.
 */
export const configSchema = Type.Object(
  {
    mqtt: section('MQTT over TCP and TLS, and the limits that also hold over WebSocket.', {
      host: host('Address to listen on for plain MQTT and TLS.'),
      port: port(1883, 'Port of plain MQTT; 0 picks a free one and prints it.'),
      tls: Type.Optional(tls),
      connectTimeout: integer(10, 1, 3600, 's', 'A connection without a complete CONNECT by then is closed.'),
      maxHalfOpen: integer(
        1000,
        1,
        1_000_000,
        '',
        'Connections of one address that have not finished their CONNECT; more are closed.',
      ),
      maxPacketSize: integer(
        262_144,
        128,
        268_435_455,
        'bytes',
        'Largest packet taken from a client: a larger one ends the connection with 0x95.',
      ),
      receiveMaximum: integer(256, 1, 65_535, '', 'QoS 1 and 2 messages a client may have in flight.'),
      topicAliasMaximum: integer(16, 0, 65_535, '', 'Topic aliases a client may use.'),
      sessionExpiryMax: integer(
        2_592_000,
        0,
        4_294_967_295,
        's',
        'Longest time a session is kept after its connection; 4294967295 is for ever.',
      ),
      maxKeepalive: integer(
        1200,
        1,
        65_535,
        's',
        'Longest keep alive. MQTT 5 clients that ask for more, or for 0, are told this one; of MQTT 3.1.1 clients it is expected.',
      ),
      maxSubscriptions: integer(
        1000,
        1,
        1_000_000,
        '',
        'Subscriptions of one session; beyond it SUBACK 0x97.',
      ),
      maxTopicLevels: integer(
        32,
        1,
        1000,
        '',
        'Levels of a topic or filter; beyond it 0x8F (filters) or 0x90 (topics).',
      ),
      drainTime: integer(
        0,
        0,
        25,
        's',
        'At a stop, the time over which clients are moved off, evenly: MQTT 5 clients by DISCONNECT 0x9C where there is another node to go to, else 0x8B. 0 is at once, by 0x8B.',
      ),
    }),
    http: section(
      'The HTTP port: API at /v1, MQTT over WebSocket at /mqtt, the web chat at /, health and metrics.',
      {
        host: host('Address to listen on.'),
        port: port(8080, 'Port; 0 picks a free one and prints it.'),
        web: flag(true, 'Serve the web chat at /, where the role serves the API.'),
        trustProxy: flag(
          false,
          'Take the client address from X-Forwarded-For, and the name of the server from X-Forwarded-Host. Only behind a proxy that sets them itself.',
        ),
        corsOrigins: strings(
          'Origins of web pages that may call the API and open MQTT over WebSocket besides those of this server, as https://chat.example; `*` is any.',
        ),
      },
    ),
    dataDir: Type.String({
      default: './data',
      minLength: 1,
      description: 'Folder of the embedded store, generated keys and uploaded files. One process at a time.',
    }),
    store: section('Where the data is.', {
      timeline: service(
        'sqlite',
        'mongodb|mongodb\\+srv',
        'sqlite or mongodb://…',
        'Conversations and their events.',
      ),
      directory: service(
        'sqlite',
        'mysql',
        'sqlite or mysql://…',
        'Accounts, devices, friends, groups, keys.',
      ),
      state: service(
        'memory',
        'redis|rediss',
        'memory or redis://…',
        'What several nodes share: sessions, presence, bus, rate limits.',
      ),
    }),
    cluster: section('This process among others, where `store.state` is Redis.', {
      host: Type.Optional(
        Type.String({
          minLength: 1,
          note: 'the address this machine has towards Redis',
          description: 'Host name or address under which workers reach the MQTT port of this node.',
        }),
      ),
    }),
    auth: section('Who may come in.', {
      registration: oneOf('open', ['open', 'closed'], 'Whether anyone may register a user.'),
      secret: Type.Optional(
        Type.String({
          note: 'none',
          secret: true,
          description:
            "HS256 secret of 32 bytes or more: an application's own backend may make tokens with it.",
        }),
      ),
      issuers: Type.Array(issuer, {
        default: [],
        description:
          'Trusted OIDC providers, each with `issuer`, one of `jwksUri` and `jwksFile`, and `audience?`, `uidClaim?`.',
      }),
      accessTtl: integer(900, 1, 31_536_000, 's', 'How long an access token is good.'),
      refreshTtl: integer(2_592_000, 1, 315_360_000, 's', 'How long a refresh token is good.'),
      bcryptCost: integer(12, 4, 16, '', 'Cost of a password hash: one more doubles its time.'),
      anonymous: flag(
        false,
        'Allow CONNECT without a token: such a client is uid `anonymous` and may use custom topics only.',
      ),
    }),
    messages,
    groups,
    friends,
    moderation,
    audit,
    direct: section('Direct conversations.', {
      policy: oneOf('anyone', ['anyone', 'friends'], 'Who may write to whom. Blocks always hold.'),
    }),
    devices: section('Devices of one user.', {
      policy: oneOf(
        'multi',
        ['multi', 'one-per-platform', 'single'],
        'How many may be connected; an older connection that must go gets DISCONNECT 0x8E.',
      ),
    }),
    topics: section("Topics outside Petrel's own.", {
      custom: Type.Array(topicRule, {
        default: [],
        description:
          'Rules `{match, allow, uid?, scope?}` in order; the first that fits decides, where none fits it is refused.',
      }),
    }),
    presence: section('Who is online.', {
      policy: oneOf(
        'contacts',
        ['contacts', 'friends', 'nobody'],
        'Who sees presence and typing: friends and partners of direct conversations, friends only, nobody.',
      ),
    }),
    limits: section('Limits against floods. 0 turns one off.', {
      sendPerSecond: integer(
        50,
        0,
        1_000_000,
        '',
        'Messages and changes a user may send in a second, on average.',
      ),
      sendBurst: integer(
        200,
        0,
        1_000_000,
        '',
        'Messages a user may send at once before the average counts.',
      ),
      connectPerSecond: integer(
        500,
        0,
        1_000_000,
        '',
        'MQTT connections an address may open in a second, five times that at once; beyond it CONNACK 0x9F.',
      ),
      httpPerSecond: integer(
        200,
        0,
        1_000_000,
        '',
        'HTTP requests an address may make in a second; beyond it status 429 with Retry-After.',
      ),
      ...actionLimits,
      loginAttempts: integer(
        10,
        0,
        1_000_000,
        '',
        'Failed sign-ins of a uid from an address in 15 minutes before the next ones are refused with 429.',
      ),
    }),
    log: section('The log on stdout: JSON lines, pretty on a terminal.', {
      level: oneOf(
        'info',
        ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
        'Least severe level that is written. Tokens, passwords and message bodies never are.',
      ),
    }),
  },
  { additionalProperties: false },
);

type DeepReadonly<T> = T extends readonly (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The whole configuration: complete, checked and frozen. */
export type Config = DeepReadonly<Static<typeof configSchema>>;

/** A configuration as it is written down: everything may be left out. */
export type ConfigInput = DeepPartial<Config>;

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T;
