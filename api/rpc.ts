import { isUtf8 } from 'node:buffer';
import type { Limits } from '../policy/limits.ts';
import { type ErrorBody, PetrelError, toPetrelError } from '../schemas/errors.ts';
import { admission, createCall } from './call.ts';
import type { Caller, Operation } from './operation.ts';

/** The answer to a request over MQTT, as it goes out in JSON; `rid` is the request's own, for clients without Correlation Data. */
export type RpcAnswer =
  | { readonly ok: true; readonly data: unknown; readonly rid?: unknown }
  | { readonly ok: false; readonly error: ErrorBody; readonly rid?: unknown };

/** Never rejects. */
export type Rpc = (name: string, payload: Uint8Array, caller: Caller) => Promise<RpcAnswer>;

export interface RpcOptions {
  /** How often one may ask; without them anything goes. */
  readonly limits?: Limits;
  /** Told of faults of the server, with what was thrown. */
  readonly onError?: (error: unknown, operation: string) => void;
}

const maxRidLength = 256;

/** The operations as requests over MQTT: `req/{name}` with the input as a JSON object (an empty payload is an empty one). */
export function createRpc(operations: readonly Operation[], { limits, onError }: RpcOptions = {}): Rpc {
  const calls = new Map(operations.map((operation) => [operation.name, createCall(operation, limits)]));
  return async (name, payload, caller) => {
    let rid: unknown;
    const tooOften = admission(limits, caller);
    try {
      const given = parse(payload);
      const { rid: asked, ...input } = given;
      if (asked !== undefined && !isRid(asked))
        throw new PetrelError('request.invalid', '"rid" is a string or a number.');
      rid = asked;
      if (tooOften !== undefined) throw tooOften;
      const call = calls.get(name);
      if (call === undefined) throw new PetrelError('request.unknown-operation');
      const { data } = await call(input, caller);
      return { ok: true, data, ...(rid !== undefined && { rid }) };
    } catch (thrown) {
      const error = toPetrelError(thrown);
      if (error.code === 'server.error') onError?.(error.cause ?? error, name);
      return { ok: false, error: error.toBody(), ...(rid !== undefined && { rid }) };
    }
  };
}

const isRid = (rid: unknown): boolean =>
  typeof rid === 'number' || (typeof rid === 'string' && rid.length <= maxRidLength);

function parse(payload: Uint8Array): Record<string, unknown> {
  if (payload.length === 0) return {};
  if (!isUtf8(payload)) throw new PetrelError('request.invalid', 'The payload is not UTF-8.');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'));
  } catch (error) {
    throw new PetrelError('request.invalid', 'The payload is not JSON.', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PetrelError('request.invalid', 'The payload is not a JSON object.');
  return value as Record<string, unknown>;
}
