import { named } from './components.ts';
import type { Json } from './refs.ts';

const names = new Map(Object.entries(named).map(([name, schema]) => [JSON.stringify(schema), name]));

/** A schema in a few words: `string, 1 to 64`, `list of Member`, `open, approve or invite`. */
export function schemaText(schema: Json): string {
  const name = names.get(JSON.stringify(schema));
  if (name !== undefined) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return choice(schema.enum.map(String));
  if (Array.isArray(schema.anyOf)) return choice(schema.anyOf.map((one: Json) => schemaText(one)));
  switch (schema.type) {
    case 'array':
      return `list of ${schemaText(schema.items as Json)}${range(schema.minItems, schema.maxItems)}`;
    case 'string':
      return `text${range(schema.minLength, schema.maxLength, 'characters')}`;
    case 'integer':
    case 'number':
      return `${schema.type}${range(schema.minimum, schema.maximum)}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'object':
      return members(schema);
    default:
      return 'anything';
  }
}

function members({ properties, required = [], additionalProperties }: Json): string {
  const names = Object.keys((properties ?? {}) as object);
  if (names.length === 0) return 'object';
  const shown = names.map((name) => ((required as readonly string[]).includes(name) ? name : `${name}?`));
  return `{${shown.join(', ')}${additionalProperties === false ? '' : ', …'}}`;
}

const choice = (all: readonly string[]): string =>
  all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;

function range(from: unknown, to: unknown, unit = ''): string {
  const most = to === Number.MAX_SAFE_INTEGER ? undefined : to;
  const words = [
    ...(from === undefined ? [] : [most === undefined ? `from ${from}` : `${from}`]),
    ...(most === undefined ? [] : [from === undefined ? `at most ${most}` : `to ${most}`]),
  ];
  return words.length === 0 ? '' : `, ${words.join(' ')}${unit && most !== undefined ? ` ${unit}` : ''}`;
}
