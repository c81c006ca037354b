import { ClientError } from '../errors.ts';
import { type OperationName, type Operations, routes } from '../operations.ts';
import { addressOf } from './address.ts';
import { problemOf } from './problem.ts';

/** How the server is reached over HTTP. */
export interface AskOptions {
  /** The server's HTTP port, as `https://chat.example`; empty for the server that the page came from. */
  readonly url: string;
  /** The platform's own where absent. */
  readonly fetch?: typeof fetch;
  /** A request that is not answered by then has failed, ms; 15,000 where absent. */
  readonly timeoutMs?: number;
}

const timeoutDefaultMs = 15_000;

/**
 * Asks for one operation, once, with the token that is given. Rejects with ClientError: the server's code, or
 * `client.offline` (retryable) where no answer came; then it is not known whether it was done.
 */
export async function ask<N extends OperationName>(
  options: AskOptions,
  name: N,
  input: Operations[N]['input'],
  token?: string,
): Promise<Operations[N]['output']> {
  const { method, path } = routes[name];
  const { address, body } = addressOf(method, path, input as Readonly<Record<string, unknown>>);
  const call = options.fetch ?? globalThis.fetch;
  const request: RequestInit = {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
    // Tokens are in a header; cookies of the same host are nobody's business.
    credentials: 'omit',
    cache: 'no-store',
    signal: AbortSignal.timeout(options.timeoutMs ?? timeoutDefaultMs),
  };
  let answer: { readonly response: Response; readonly text: string };
  try {
    const response = await call(`${options.url}/v1${address}`, request);
    answer = { response, text: await response.text() };
  } catch (cause) {
    throw new ClientError('client.offline', 'The server cannot be reached.', { retryable: true, cause });
  }
  const { response, text } = answer;
  if (!response.ok) throw problemOf(response, text);
  if (text === '') return null as Operations[N]['output'];
  try {
    return JSON.parse(text) as Operations[N]['output'];
  } catch (cause) {
    throw new ClientError('client.not-petrel', 'What answered is not a Petrel server.', { cause });
  }
}
