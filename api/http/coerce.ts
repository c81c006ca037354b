import type { TObject } from 'typebox';

/** Of several types the first counts. */
interface Property {
  readonly type?: string;
  readonly anyOf?: readonly Property[];
}

/**
 * Members of a path or a query are texts; those that the schema wants as numbers or booleans are made so. What does not
 * look like one stays a text, for the schema to refuse.
 */
export function coerceTexts(
  { properties }: TObject,
  texts: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, value]) => {
      const property = Object.hasOwn(properties, name) ? (properties[name] as Property) : undefined;
      const type = property?.type ?? property?.anyOf?.[0]?.type;
      return [name, typeof value === 'string' ? coerce(type, value) : value];
    }),
  );
}

function coerce(type: string | undefined, text: string): unknown {
  if (type === 'integer' || type === 'number')
    return /^-?\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : text;
  if (type !== 'boolean') return text;
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : text;
}
