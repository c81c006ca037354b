import { type ErrorCode, errors, PetrelError } from '../../schemas/errors.ts';
import { problemHeaders, problemType, toProblem } from '../http/problem.ts';
import type { Operation } from '../operation.ts';
import { hasBody, pathMembers } from './input.ts';
import type { Json, Refs } from './refs.ts';

/** How long the examples say to wait, ms. */
const exampleWaitMs = 1500;

/** The error as the examples show it. */
export const exampleError = (code: ErrorCode): PetrelError =>
  new PetrelError(
    code,
    undefined,
    errors[code].reason === 0x97 && errors[code].retryable ? { retryAfterMs: exampleWaitMs } : undefined,
  );

/** Errors that an operation has in both doors without naming them. */
export const commonErrors = ({ access }: Operation): ErrorCode[] => [
  'request.invalid',
  ...(access === 'none' ? [] : (['auth.bad-token', 'auth.expired', 'auth.banned'] as const)),
  ...(access === 'admin' ? (['auth.forbidden'] as const) : []),
  'request.rate',
  'store.unavailable',
];

/** Those that only HTTP has. */
const httpErrors = (operation: Operation): ErrorCode[] => [
  ...(pathMembers(operation).length > 0 ? (['request.unknown-operation'] as const) : []),
  ...(hasBody(operation) ? (['request.too-large'] as const) : []),
];

/** Answers that many operations have in common, by status and codes. */
const shared: Readonly<Record<string, string>> = {
  'request.invalid': 'Invalid',
  'auth.bad-token auth.expired': 'Unauthorized',
  'auth.banned': 'Banned',
  'auth.forbidden auth.banned': 'Forbidden',
  'request.too-large': 'TooLarge',
  'request.rate': 'TooManyRequests',
  'store.unavailable': 'Unavailable',
};

const order = Object.keys(errors);
const byList = (a: string, b: string): number => order.indexOf(a) - order.indexOf(b);

/** Collects the error answers of the operations, and what of them is in common. */
export class ErrorResponses {
  readonly #refs: Refs;
  readonly #responses: Record<string, Json> = {};
  readonly #examples: Record<string, Json> = {};

  constructor(refs: Refs) {
    this.#refs = refs;
  }

  /** By status, those of one operation. */
  of(operation: Operation): Record<string, Json> {
    const all = [...operation.errors, ...commonErrors(operation), ...httpErrors(operation)];
    const byStatus = new Map<number, ErrorCode[]>();
    for (const code of [...new Set(all)].sort(byList))
      byStatus.set(errors[code].status, [...(byStatus.get(errors[code].status) ?? []), code]);
    return Object.fromEntries(
      [...byStatus]
        .sort(([a], [b]) => a - b)
        .map(([status, codes]) => [String(status), this.#response(codes)]),
    );
  }

  /** Members of `components`. */
  get components(): Json {
    return {
      responses: this.#responses,
      examples: this.#examples,
      headers: {
        RetryAfter: {
          description: 'Seconds to wait before the next attempt.',
          required: true,
          schema: { type: 'integer', minimum: 1 },
          example: 2,
        },
        Authenticate: {
          description: 'What is wanted: a bearer token.',
          required: true,
          schema: { type: 'string' },
          example: 'Bearer realm="petrel"',
        },
      },
    };
  }

  #response(codes: readonly ErrorCode[]): Json {
    const name = shared[codes.join(' ')];
    if (name === undefined) return this.#describe(codes);
    this.#responses[name] ??= this.#describe(codes);
    return { $ref: `#/components/responses/${name}` };
  }

  #describe(codes: readonly ErrorCode[]): Json {
    const headers = problemHeaders(exampleError(codes[0]!));
    return {
      description: codes.map((code) => `\`${code}\`: ${errors[code].message}`).join('\n\n'),
      ...(Object.keys(headers).length > 0 && {
        headers: {
          ...(headers['retry-after'] !== undefined && {
            'Retry-After': { $ref: '#/components/headers/RetryAfter' },
          }),
          ...(headers['www-authenticate'] !== undefined && {
            'WWW-Authenticate': { $ref: '#/components/headers/Authenticate' },
          }),
        },
      }),
      content: {
        [problemType]: {
          schema: this.#refs.to('Problem'),
          examples: Object.fromEntries(codes.map((code) => [code, this.#example(code)])),
        },
      },
    };
  }

  #example(code: ErrorCode): Json {
    this.#examples[code] ??= { summary: errors[code].message, value: toProblem(exampleError(code)) };
    return { $ref: `#/components/examples/${code}` };
  }
}
