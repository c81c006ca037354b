import type { TObject, TSchema } from 'typebox';
import type { Operation } from '../operation.ts';

export interface Member {
  readonly name: string;
  readonly schema: TSchema & { readonly description?: string };
  readonly required: boolean;
}

/** The members of the path: `uid` of `/users/{uid}`. */
export const pathMembers = ({ path }: Pick<Operation, 'path'>): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);

const takesBody = ({ method }: Operation): boolean => method !== 'GET' && method !== 'DELETE';

/** What the documents show as input: what a handler checks by itself is in `payload`. */
export const shownInput = ({ input, payload }: Operation): TObject => payload ?? input;

export function membersOf(operation: Operation): Member[] {
  const { properties, required = [] } = shownInput(operation) as unknown as {
    properties: Record<string, TSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    required: required.includes(name),
  }));
}

/** The input over HTTP: what is in the path, in the query, and in the body. */
export function partsOf(operation: Operation): { path: Member[]; query: Member[]; body: Member[] } {
  const names = pathMembers(operation);
  const all = membersOf(operation);
  const path = all.filter(({ name }) => names.includes(name));
  const rest = all.filter(({ name }) => !names.includes(name));
  return takesBody(operation) ? { path, query: [], body: rest } : { path, query: rest, body: [] };
}

export const hasBody = (operation: Operation): boolean => partsOf(operation).body.length > 0;
