import { ClientError } from '../errors.ts';

/** Gateways answer so where the server behind them is away. */
const gatewayStatuses = new Set([502, 503, 504]);

/** The error that a refusal is: of its problem document, or of its status where something else than Petrel answered. */
export function problemOf(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  text: string,
): ClientError {
  const { code, detail, retryable, retryAfter } = membersOf(text);
  if (typeof code === 'string') {
    const waitMs = typeof retryAfter === 'number' ? retryAfter : secondsOf(headers.get('retry-after'));
    return new ClientError(code, typeof detail === 'string' ? detail : code, {
      retryable: retryable === true,
      ...(waitMs !== undefined && { retryAfter: waitMs }),
    });
  }
  if (gatewayStatuses.has(status))
    return new ClientError('client.offline', `The server cannot be reached (${status}).`, {
      retryable: true,
    });
  return new ClientError('client.not-petrel', `What answered is not a Petrel server (${status}).`);
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** ms of a header in seconds. */
function secondsOf(header: string | null): number | undefined {
  const seconds = header === null ? Number.NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
