import { closest } from './closest.ts';
import { expected, type Key, keysOf, variableOf } from './node.ts';
import type { Problem } from './problems.ts';
import { configSchema } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the configuration file; the one variable that is not a key. */
export const fileVariable = 'PETREL_CONFIG';

const keys: ReadonlyMap<string, Key> = new Map(
  keysOf(configSchema).map((key) => [variableOf(key.path), key]),
);

export interface FromEnvironment {
  /** Copy of the file's keys with those of the environment on top. */
  readonly input: Record<string, unknown>;
  readonly problems: readonly Problem[];
  /** Unknown PETREL_ variables, one sentence each. */
  readonly warnings: readonly string[];
}

/** Puts PETREL_ variables on top of the keys of a file. Empty ones count as not set. */
export function withEnvironment(base: Readonly<Record<string, unknown>>, env: Environment): FromEnvironment {
  const input = structuredClone(base) as Record<string, unknown>;
  const problems: Problem[] = [];
  for (const [name, key] of keys) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    const value = parsedValue(key, text);
    if ('problem' in value) problems.push({ path: key.path.join('.'), reason: `${value.problem} (${name})` });
    else put(input, key.path, value.value);
  }
  return { input, problems, warnings: unknownVariables(env) };
}

function parsedValue({ node }: Key, text: string): { value: unknown } | { problem: string } {
  if (node.type === 'integer')
    return integerOf(text, `must be ${expected(node)}, not ${JSON.stringify(text)}`);
  if (node.type === 'boolean') {
    if (text === 'true' || text === '1') return { value: true };
    if (text === 'false' || text === '0') return { value: false };
    return { problem: `must be true or false, not ${JSON.stringify(text)}` };
  }
  if (node.type !== 'array' && node.type !== 'object') return { value: text };
  if (node.type === 'object' && (text === 'off' || text === 'none')) return { value: null };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: 'must be JSON' };
  }
}

function integerOf(text: string, problem: string): { value: number } | { problem: string } {
  if (/^[0-9]{1,15}$/.test(text)) return { value: Number(text) };
  // Kubernetes gives every pod PETREL_MQTT_PORT=tcp://… where a service is named petrel-mqtt.
  const hint = text.startsWith('tcp://')
    ? ': Kubernetes set it for a service; use enableServiceLinks: false'
    : '';
  return { problem: `${problem}${hint}` };
}

function put(input: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = input;
  for (const name of path.slice(0, -1)) {
    const next = at[name];
    const inner = typeof next === 'object' && next !== null && !Array.isArray(next) ? next : {};
    at[name] = inner;
    at = inner as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
}

function unknownVariables(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('PETREL_') && name !== fileVariable && !keys.has(name))
    .sort()
    .map((name) => {
      const near = closest(name, [fileVariable, ...keys.keys()]);
      return `${name} is not a variable of Petrel${near === undefined ? '' : `; did you mean ${near}?`}`;
    });
}
