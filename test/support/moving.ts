import { moving } from '../../compose/moving.ts';
import { FakeProcess } from '../cli/surroundings.ts';

/** How a command that moves ended. */
export interface Moved {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** `petrel export`, `import` or `verify` in this process: what is tried is what it does, not how a process ends. */
export async function moveHere(args: readonly string[], env: Record<string, string> = {}): Promise<Moved> {
  const fake = new FakeProcess();
  const code = await fake.run(args, { env, moving });
  return { code, output: fake.output.join('\n'), errors: fake.errors.join('\n') };
}
