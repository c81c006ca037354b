import { createOperations } from '../api/operations/table.ts';
import type { Services } from '../api/services.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
}

const indent = (depth: number): string => '  '.repeat(depth);
const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value);
const comment = (text: string | undefined, depth: number): string =>
  text === undefined ? '' : `${indent(depth)}/** ${text.replaceAll('*/', '* /')} */\n`;

/** The TypeScript type of what a schema allows. */
function typeOf(schema: Schema, depth: number): string {
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  if (schema.anyOf !== undefined)
    return [...new Set(schema.anyOf.map((one) => typeOf(one, depth)))].join(' | ');
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'array': {
      const item = typeOf(schema.items ?? {}, depth);
      return `readonly ${/^[\w.]+$/.test(item) || item.startsWith('{') ? item : `(${item})`}[]`;
    }
    case 'object':
      return objectOf(schema, depth);
    default:
      return 'unknown';
  }
}

function objectOf({ properties, required = [], patternProperties, ...rest }: Schema, depth: number): string {
  const values = Object.values(patternProperties ?? {})[0] ?? rest.additionalProperties;
  const others = typeof values === 'object' ? typeOf(values, depth + 1) : undefined;
  if (properties === undefined) return `Readonly<Record<string, ${others ?? 'unknown'}>>`;
  const lines = Object.entries(properties).map(([name, member]) => {
    const optional = required.includes(name) ? '' : '?';
    const key = /^\w+$/.test(name) ? name : literal(name);
    const type = typeOf(member, depth + 1);
    // What the asker leaves out may be undefined as well: JSON has no such value.
    return `${comment(member.description, depth + 1)}${indent(depth + 1)}readonly ${key}${optional}: ${type}${optional && ' | undefined'};\n`;
  });
  return lines.length === 0 ? 'Readonly<Record<string, never>>' : `{\n${lines.join('')}${indent(depth)}}`;
}

/** sdk/operations.ts: the operations of the table as types, and where HTTP has them. */
export function sdkOperations(): string {
  const operations = createOperations({} as unknown as Services);
  const types = operations.map(
    ({ name, summary, input, payload, output }) =>
      `${comment(`${summary}.`, 1)}  readonly '${name}': {\n    readonly input: ${typeOf((payload ?? input) as Schema, 2)};\n    readonly output: ${typeOf(output as Schema, 2)};\n  };\n`,
  );
  const routes = operations.map(
    ({ name, method, path, access }) =>
      `  '${name}': { method: '${method}', path: '${path}', open: ${access === 'none'} },\n`,
  );
  return [
    '// Made from the table of operations by `npm run docs`: do not edit.\n\n',
    '/** Input and output of every operation, by its name. */\n',
    `export interface Operations {\n${types.join('')}}\n\n`,
    'export type OperationName = keyof Operations;\n\n',
    '/** Where HTTP has it, below /v1; `open` needs no token. */\n',
    'export interface Route {\n  readonly method: string;\n  readonly path: string;\n  readonly open: boolean;\n}\n\n',
    `export const routes: Readonly<Record<OperationName, Route>> = {\n${routes.join('')}};\n`,
  ].join('');
}
