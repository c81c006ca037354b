/** What an HTTP request came to; `body` is the parsed JSON, or undefined where there is none. */
export interface Reply<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** The HTTP API as one user, or without a token as nobody. Paths begin behind /v1. */
export class Api {
  readonly #url: () => string;
  readonly #token: string | undefined;

  constructor(url: () => string, token?: string) {
    this.#url = url;
    this.#token = token;
  }

  get<T = Record<string, unknown>>(path: string): Promise<Reply<T>> {
    return this.#request('GET', path);
  }

  post<T = Record<string, unknown>>(path: string, body?: unknown): Promise<Reply<T>> {
    return this.#request('POST', path, body);
  }

  put<T = Record<string, unknown>>(path: string, body: unknown = {}): Promise<Reply<T>> {
    return this.#request('PUT', path, body);
  }

  patch<T = Record<string, unknown>>(path: string, body: unknown): Promise<Reply<T>> {
    return this.#request('PATCH', path, body);
  }

  delete<T = Record<string, unknown>>(path: string): Promise<Reply<T>> {
    return this.#request('DELETE', path);
  }

  async #request<T>(method: string, path: string, body?: unknown): Promise<Reply<T>> {
    const reply = await fetch(`${this.#url()}/v1${path}`, {
      method,
      headers: {
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    const parsed = (text === '' ? undefined : JSON.parse(text)) as T;
    return { status: reply.status, headers: reply.headers, body: parsed };
  }
}
