/** A refusal or a failure, with a stable code: those of docs/errors.md, and `client.*` of this SDK. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: string;
  /** Whether the same may succeed later. */
  readonly retryable: boolean;
  /** How long to wait before, ms, where the server said so. */
  readonly retryAfter: number | undefined;

  constructor(
    code: string,
    message: string,
    {
      retryable = false,
      retryAfter,
      cause,
    }: { retryable?: boolean; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    this.retryAfter = retryAfter;
  }
}
