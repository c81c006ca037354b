import type { TSchema } from 'typebox';

export type Json = Readonly<Record<string, unknown>>;

/** Keywords whose values are data and no schemas. */
const dataKeywords = new Set(['enum', 'const', 'default', 'examples', 'required']);
/** Keywords whose values are schemas by the name of a member. */
const mapKeywords = new Set(['properties', 'patternProperties']);

/**
 * Puts references to `#/components/schemas/{name}` in the place of schemas that have a name, wherever they stand in
 * others, and remembers which were used.
 */
export class Refs {
  readonly #named: Readonly<Record<string, TSchema | Json>>;
  readonly #names: ReadonlyMap<string, string>;
  readonly #used = new Map<string, unknown>();

  constructor(named: Readonly<Record<string, TSchema | Json>>) {
    this.#named = named;
    this.#names = new Map(Object.entries(named).map(([name, schema]) => [JSON.stringify(schema), name]));
  }

  /** A reference to the component of this name. */
  to(name: string): Json {
    if (!this.#used.has(name)) {
      this.#used.set(name, undefined);
      this.#used.set(name, this.#inner(this.#named[name]));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  /** The schema as plain JSON, with references where it or a part of it has a name. */
  use(schema: unknown): unknown {
    const name = this.#names.get(JSON.stringify(schema));
    return name === undefined ? this.#inner(schema) : this.to(name);
  }

  /** Those that were referred to, by name. */
  get schemas(): Json {
    return Object.fromEntries([...this.#used].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #inner(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((one: unknown) => this.use(one));
    if (typeof schema !== 'object' || schema === null) return schema;
    const open = isBare(schema) ? { ...schema, additionalProperties: true } : schema;
    return mapValues(open, (value, key) => {
      if (dataKeywords.has(key)) return value;
      return mapKeywords.has(key) ? mapValues(value as object, (one) => this.use(one)) : this.use(value);
    });
  }
}

/** An object of which nothing is said: the documents say so. */
const isBare = (schema: Json | object): boolean => {
  const { type, properties, additionalProperties } = schema as Json;
  if (type !== 'object' || additionalProperties !== undefined) return false;
  return typeof properties === 'object' && Object.keys(properties as object).length === 0;
};

const mapValues = (object: object, map: (value: unknown, key: string) => unknown): Json =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
