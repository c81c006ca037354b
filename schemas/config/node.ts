import type { TSchema } from 'typebox';

/** A node of the configuration's schema, with the words that it uses beside JSON Schema's own. */
export interface Node {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly properties?: Readonly<Record<string, TSchema & Node>>;
  readonly required?: readonly string[] | undefined;
  readonly items?: TSchema & Node;
  readonly minItems?: number;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly expected?: string;
  readonly unit?: string;
  readonly secret?: boolean;
  readonly note?: string;
}

export type SchemaNode = TSchema & Node;

/** A key of the configuration: its path and what the schema says of it. */
export interface Key {
  readonly path: readonly string[];
  readonly node: SchemaNode;
}

/** All keys below an object, in the schema's order: optional objects as themselves, then their members. */
export function keysOf(node: SchemaNode, path: readonly string[] = []): Key[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const at = [...path, name];
    const isSection = child.properties !== undefined && child.default !== undefined;
    return isSection ? keysOf(child, at) : [{ path: at, node: child }, ...keysOf(child, at)];
  });
}

/** `mqtt.maxPacketSize` → `PETREL_MQTT_MAX_PACKET_SIZE`. */
export const variableOf = (path: readonly string[]): string =>
  `PETREL_${path.map((name) => name.replace(/[A-Z]/g, '_$&').toUpperCase()).join('_')}`;

/** What a key wants, in words that follow "must be". */
export function expected(node: SchemaNode): string {
  if (node.expected !== undefined) return node.expected;
  if (node.enum) return `one of ${node.enum.join(', ')}`;
  if (node.type === 'integer') return `a whole number from ${node.minimum} to ${node.maximum}`;
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'array') return 'a list';
  if (node.type === 'object') return 'an object with keys';
  return 'a text that is not empty';
}
