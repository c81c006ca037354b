import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ConfigError } from './problems.ts';

/** The keys of a YAML or JSON file (by its name's end). Throws ConfigError when it cannot be read or parsed. */
export function readConfigFile(path: string): Record<string, unknown> {
  const content: unknown = parsed(path, textOf(path)) ?? {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw new ConfigError([{ path: '', reason: `${path} must hold an object with keys` }]);
  return content as Record<string, unknown>;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([{ path: '', reason: `cannot read ${path}: ${(error as Error).message}` }]);
  }
}

function parsed(path: string, text: string): unknown {
  try {
    return path.endsWith('.json') ? JSON.parse(text) : parse(text);
  } catch (error) {
    // YAML's messages go on with the lines around the fault, which may hold a secret.
    const reason = (error as Error).message.split('\n', 1)[0]!.replace(/:$/, '');
    throw new ConfigError([{ path: '', reason: `${path} is damaged: ${reason}` }]);
  }
}
