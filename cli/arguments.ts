import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A command line that makes no sense: the usage is shown, exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>
>['values'];

/** The options and other words of a command; at most `words` of the latter. Throws UsageError. */
export function parsed<const O extends Options>(
  args: readonly string[],
  options: O,
  words = 0,
): { values: Values<O>; words: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (positionals.length > words) throw new UsageError(`Unexpected '${positionals[words]}'.`);
    return { values, words: positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message.split('. ', 1)[0]!);
  }
}

/** The one of `choices` that was given. Throws UsageError. */
export function choice<T extends string>(option: string, given: string, choices: readonly T[]): T {
  const found = choices.find((name) => name === given);
  if (found === undefined) throw new UsageError(`${option} must be one of ${choices.join(', ')}.`);
  return found;
}
