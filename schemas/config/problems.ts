import { Value } from 'typebox/value';
import { closest } from './closest.ts';
import { expected, type SchemaNode } from './node.ts';

/** What is wrong with one key. */
export interface Problem {
  /** Dotted, with list places as numbers: `auth.issuers.0.jwksUri`; empty for the file itself. */
  readonly path: string;
  readonly reason: string;
}

/** A configuration that cannot be used: everything that is wrong with it, at once. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ path, reason }) => (path === '' ? reason : `${path}: ${reason}`)).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Everything the schema has against the value. */
export function schemaProblems(node: SchemaNode, value: unknown, path = ''): Problem[] {
  const at = (name: string | number) => (path === '' ? `${name}` : `${path}.${name}`);
  if (node.properties && isObject(value)) return objectProblems(node, value, at);
  if (node.items && Array.isArray(value) && value.length >= (node.minItems ?? 0)) {
    const { items } = node;
    return value.flatMap((item, place) => schemaProblems(items, item, at(place)));
  }
  if (Value.Check(node, value)) return [];
  return [{ path, reason: `must be ${expected(node)}${shown(node, value)}` }];
}

function objectProblems(
  node: SchemaNode,
  value: Record<string, unknown>,
  at: (name: string) => string,
): Problem[] {
  const known = node.properties ?? {};
  const found = Object.keys(value).flatMap((name) => {
    const child = Object.hasOwn(known, name) ? known[name] : undefined;
    return child
      ? schemaProblems(child, value[name], at(name))
      : [{ path: at(name), reason: `unknown key${suggestion(name, Object.keys(known))}` }];
  });
  const missing = (node.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ path: at(name), reason: 'is missing' }));
  return [...found, ...missing];
}

/** ` (did you mean x?)` where one of the known names is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

// A value is shown so that the mistake is seen, but never one that may hold a secret.
function shown(node: SchemaNode, value: unknown): string {
  const text = JSON.stringify(value);
  return node.secret || text === undefined || text.length > 80 ? '' : `, not ${text}`;
}
