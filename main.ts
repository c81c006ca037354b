#!/usr/bin/env node
import process from 'node:process';
import { run } from './cli/run.ts';

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const faults = ['uncaughtException', 'unhandledRejection'] as const;

process.exit(
  await run(process.argv.slice(2), {
    env: process.env,
    isTerminal: process.stdout.isTTY === true,
    out: (line) => process.stdout.write(`${line}\n`),
    error: (line) => process.stderr.write(`${line}\n`),
    onStopSignal(handler) {
      for (const signal of stopSignals) process.on(signal, handler);
      return () => {
        for (const signal of stopSignals) process.off(signal, handler);
      };
    },
    onFault(handler) {
      for (const fault of faults) process.on(fault, handler);
      return () => {
        for (const fault of faults) process.off(fault, handler);
      };
    },
    loadCompose: async () => (await import('./compose.ts')).compose,
    loadMoving: async () => (await import('./compose/moving.ts')).moving,
    terminal: { input: process.stdin, output: process.stdout },
    loadClient: () => import('./sdk/node.ts'),
    quit: (code) => process.exit(code),
    issueToken: async (config, claims) => (await import('./cli/issue-token.ts')).issueToken(config, claims),
  }),
);
