import { Type } from 'typebox';

/**
 * The kinds of keys that a configuration has. Beside JSON Schema's own words, `expected` says in words what a pattern
 * wants, `unit` names the unit of a number, `secret` keeps a value out of messages, and `note` is shown where the default
 * would be for a key that has none.
 */
export const section = <P extends Parameters<typeof Type.Object>[0]>(description: string, properties: P) =>
  Type.Object(properties, { description, default: {}, additionalProperties: false });

export const integer = (def: number, minimum: number, maximum: number, unit: string, description: string) =>
  Type.Integer({ default: def, minimum, maximum, unit, description });

export const port = (def: number, description: string) => integer(def, 0, 65535, '', description);

export const host = (description: string) => Type.String({ default: '0.0.0.0', minLength: 1, description });

export const file = (description: string) =>
  Type.String({ minLength: 1, expected: 'the path of a file', description });

export const flag = (def: boolean, description: string) => Type.Boolean({ default: def, description });

export const oneOf = <const V extends readonly [string, ...string[]]>(
  def: V[number],
  values: V,
  description: string,
) => Type.Enum(values as unknown as V[number][], { default: def, description });

export const service = (def: string, schemes: string, expected: string, description: string) =>
  Type.String({
    default: def,
    pattern: `^(${def}|(${schemes})://.+)$`,
    expected,
    secret: true,
    description,
  });

export const strings = (description: string) =>
  Type.Array(Type.String({ minLength: 1 }), { default: [], description });
