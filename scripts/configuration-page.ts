import { type Key, keysOf, type SchemaNode, variableOf } from '../schemas/config/node.ts';
import { configSchema } from '../schemas/config.ts';
import { table } from './markdown.ts';

/** docs/configuration.md, from the schema of the configuration. */
export const configurationPage = (): string => `# Configuration

Petrel needs none: every key has a default. This page is written by \`npm run docs\` from schemas/config, and a test fails
when the two differ.

Three sources, the later over the earlier:

1. the defaults below;
2. a YAML or JSON file: \`petrel start --config petrel.yaml\`, or its path in \`PETREL_CONFIG\`;
3. environment variables. The name comes from the path: \`mqtt.maxPacketSize\` is \`PETREL_MQTT_MAX_PACKET_SIZE\`. Lists and
   objects are given as JSON, truth as \`true\` or \`false\`; an empty variable counts as not set.

\`\`\`yaml
# petrel.yaml
mqtt:
  port: 1883
  maxPacketSize: 65536
http:
  corsOrigins: [https://chat.example]
dataDir: /var/lib/petrel
auth:
  registration: closed
  issuers:
    - issuer: https://id.example
      jwksUri: https://id.example/jwks.json
      audience: chat
topics:
  custom:
    - { match: 'devices/{uid}/#', allow: [publish, subscribe] }
    - { match: 'news/#', allow: [subscribe] }
limits:
  sendPerSecond: 20
\`\`\`

\`petrel check-config petrel.yaml\` says whether it is right without starting anything. A key that does not exist or a value
that cannot be is refused at start, with the path and the reason, all of them at once, and exit code 78. Of an unknown
\`PETREL_\` variable there is only a warning, because Kubernetes sets some of its own. The configuration is read once, at the
start; files it names are taken relative to the working directory.

${sections().join('\n\n')}
`;

function sections(): string[] {
  const top = keysOf(configSchema).filter(({ path }) => path.length === 1);
  const groups = Object.entries(configSchema.properties as Record<string, SchemaNode>).filter(
    ([, node]) => node.properties !== undefined,
  );
  return [
    `## General\n\n${keyTable(top)}`,
    ...groups.map(([name, node]) => {
      const keys = keysOf(node, [name]);
      return [`## ${name}`, node.description!, keyTable(keys), ...keys.flatMap(itemsTable)].join('\n\n');
    }),
  ];
}

const keyTable = (keys: readonly Key[]): string =>
  table(
    ['key', 'default', 'variable', 'meaning'],
    keys.map(({ path, node }) => [
      `\`${path.join('.')}\``,
      defaultOf(node),
      `\`${variableOf(path)}\``,
      meaning(node),
    ]),
  );

/** The members of the objects in a list. */
function itemsTable({ path, node }: Key): string[] {
  const { properties, required = [] } = node.items ?? {};
  if (!properties) return [];
  const rows = Object.entries(properties).map(([name, member]) => [
    `\`${name}\``,
    required.includes(name) ? 'yes' : 'no',
    meaning(member),
  ]);
  return [`Each of \`${path.join('.')}\`:\n\n${table(['member', 'required', 'meaning'], rows)}`];
}

function defaultOf({ default: value, note, unit }: SchemaNode): string {
  if (value === undefined) return note ?? '';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\`${unit ? ` ${unit}` : ''}`;
}

function meaning(node: SchemaNode): string {
  const { description = '', expected, minimum, maximum, enum: choices, items } = node;
  const words = (choices ?? items?.enum)?.map((word) => `\`${word}\``).join(', ');
  const range = minimum === undefined ? undefined : `${minimum} to ${maximum}`;
  const bounds = words ?? range ?? (node.default === undefined ? undefined : expected);
  return bounds === undefined ? description : `${description} (${bounds})`;
}
