import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../main.js', import.meta.url));

/** A command of the built program in a process of its own, without the variables of whoever runs the tests. */
export class Command {
  output = '';
  errors = '';
  readonly child: ChildProcess;
  /** The exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PETREL_'));
    this.child = spawn(process.execPath, [main, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(kept), ...env },
    });
    this.child.stdout!.on('data', (text: Buffer) => {
      this.output += text.toString();
    });
    this.child.stderr!.on('data', (text: Buffer) => {
      this.errors += text.toString();
    });
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }
}
