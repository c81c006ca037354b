import { Value } from 'typebox/value';
import type { SchemaNode } from './node.ts';
import { ConfigError, type Problem, schemaProblems } from './problems.ts';
import { configRules } from './rules.ts';
import { type Config, type ConfigInput, configSchema } from './schema.ts';

/**
 * The defaults with `input` on top of them, checked and frozen. Throws ConfigError with everything that is wrong.
 * The input is copied, never changed.
 */
export function createConfig(input: ConfigInput | Readonly<Record<string, unknown>> = {}): Config {
  const complete: unknown = Value.Default(configSchema, withoutUnset(configSchema, input));
  const problems = schemaProblems(configSchema, complete);
  problems.push(...ruleProblems(complete as Config, problems));
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(complete) as Config;
}

// Rules need whole sections: one that the schema refuses is taken as if it were not written down.
function ruleProblems(config: Config, found: readonly Problem[]): Problem[] {
  const refused = new Set(found.map(({ path }) => path.split('.', 1)[0]));
  const sound = Object.entries(config).filter(([name]) => !refused.has(name));
  const checked = Value.Default(configSchema, Object.fromEntries(sound)) as Config;
  return configRules.flatMap((rule) => rule(checked));
}

// A key that is written down without a value has its default; `off` and `none` say that an optional one is not there.
function withoutUnset(node: SchemaNode, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutUnset(node.items ?? {}, item));
  if (typeof value !== 'object' || value === null) return value;
  const required = new Set(node.required);
  const kept = Object.entries(value)
    .filter(([name, member]) => {
      const optional = Object.hasOwn(node.properties ?? {}, name) && !required.has(name);
      return member !== null && member !== undefined && !(optional && isOff(member));
    })
    .map(([name, member]) => {
      const known = Object.hasOwn(node.properties ?? {}, name);
      return [name, withoutUnset((known && node.properties?.[name]) || {}, member)];
    });
  return Object.fromEntries(kept);
}

const isOff = (value: unknown): boolean => value === false || value === 'off' || value === 'none';

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
