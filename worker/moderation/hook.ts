import { createHmac } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

const maxConnections = 64;
/** So many may wait for an answer; with more the hook does not keep up. */
const maxWaiting = 4096;
const maxAnswerBytes = 64 * 1024;

/** Why there is no answer that can be used; says nothing of the message. */
export class HookFailure extends Error {
  /** Whether the hook did not answer at all, so that others would wait for it in vain too. */
  readonly isSilent: boolean;

  constructor(message: string, isSilent: boolean) {
    super(message);
    this.name = 'HookFailure';
    this.isSilent = isSilent;
  }
}

export interface HookOptions {
  /** http:// or https:// */
  readonly url: string;
  /** Signs each request. */
  readonly secret?: string;
  readonly timeoutMs: number;
}

/** Asks a program of the operator's by HTTP POST; connections are kept, redirects are not followed. */
export class Hook {
  readonly #url: URL;
  readonly #secret: string | undefined;
  readonly #timeoutMs: number;
  readonly #agent: HttpAgent;
  #waiting = 0;

  constructor({ url, secret, timeoutMs }: HookOptions) {
    this.#url = new URL(url);
    this.#secret = secret;
    this.#timeoutMs = timeoutMs;
    const options = { keepAlive: true, maxSockets: maxConnections };
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** Resolves with the answer's JSON; rejects with HookFailure. */
  async ask(question: object): Promise<unknown> {
    if (this.#waiting >= maxWaiting) throw new HookFailure('too many wait for it', true);
    this.#waiting++;
    try {
      return parse(await this.#post(Buffer.from(JSON.stringify(question))));
    } finally {
      this.#waiting--;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(body: Buffer): Promise<string> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      const first = await this.#send(body, signal, this.#agent);
      // A kept connection that the other side has just closed says nothing of the hook.
      return first ?? (await this.#send(body, signal, undefined))!;
    } catch (error) {
      if (signal.aborted) throw new HookFailure('no answer in time', true);
      if (error instanceof HookFailure) throw error;
      throw new HookFailure(`not reached: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`, true);
    }
  }

  /** Undefined where a kept connection was gone before the request; without an agent it gets a connection of its own. */
  #send(body: Buffer, signal: AbortSignal, agent: HttpAgent | undefined): Promise<string | undefined> {
    const start = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = start(this.#url, {
        method: 'POST',
        agent: agent ?? false,
        signal,
        headers: {
          'content-type': 'application/json',
          'content-length': body.length,
          accept: 'application/json',
          'user-agent': 'petrel',
          ...(this.#secret !== undefined && {
            'petrel-signature': `sha256=${createHmac('sha256', this.#secret).update(body).digest('hex')}`,
          }),
        },
      });
      request.on('response', (response) => read(response).then(resolve, reject));
      request.on('error', (error: NodeJS.ErrnoException) => {
        const isGone = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        if (isGone && agent !== undefined) resolve(undefined);
        else reject(error);
      });
      request.end(body);
    });
  }
}

async function read(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new HookFailure(`status ${response.statusCode}`, false);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the response.
    if (bytes > maxAnswerBytes) throw new HookFailure('its answer is too large', false);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    throw new HookFailure('its answer is not JSON', false);
  }
}
