import type { Credentials } from './auth/credentials.ts';
import { ClientError } from './errors.ts';
import { type OperationName, type Operations, routes } from './operations.ts';
import { type AskOptions, ask } from './requests/ask.ts';

export interface RequestsOptions extends AskOptions {
  readonly credentials: Pick<Credentials, 'token' | 'refused'>;
}

/** Operations over HTTP, as who is signed in. */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /**
   * Asks for an operation. Where the token turns out to be bad it is asked again with a fresh one, once. Rejects with
   * ClientError: the server's code; `client.offline` (retryable) where no answer came; `client.signed-out`.
   */
  async request<N extends OperationName>(
    name: N,
    input: Operations[N]['input'],
  ): Promise<Operations[N]['output']> {
    const { credentials } = this.#options;
    if (routes[name].open) return ask(this.#options, name, input);
    const token = await credentials.token();
    try {
      return await ask(this.#options, name, input, token);
    } catch (error) {
      if (!isBadToken(error)) throw error;
      credentials.refused(token);
      return ask(this.#options, name, input, await credentials.token());
    }
  }
}

/** Whether an access token was refused. `auth.bad-credentials` has the same status, and is of a password. */
export const isBadToken = (error: unknown): boolean =>
  error instanceof ClientError && (error.code === 'auth.bad-token' || error.code === 'auth.expired');
