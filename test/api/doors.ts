import type { InjectOptions } from 'fastify';
import type { PetrelError } from '../../schemas/errors.ts';
import type { TestApi } from './server.ts';

/** What came back, the same for both doors; `status` is HTTP's own. */
export interface Answer {
  readonly status?: number;
  /** The error's code; absent where it went well. */
  readonly code?: string;
  // The shape is what a test asserts.
  readonly data: Record<string, never> & { readonly [member: string]: unknown };
}

export type Ask = (name: string, input: object, token?: string) => Promise<Answer>;

export const doors: readonly { readonly name: string; readonly open: (api: TestApi) => Ask }[] = [
  { name: 'HTTP', open: httpDoor },
  { name: 'MQTT', open: mqttDoor },
];

function httpDoor(api: TestApi): Ask {
  return async (name, input, token) => {
    const operation = api.operations.find((one) => one.name === name)!;
    const rest = new Map(Object.entries(input));
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, member: string) => {
      const value = String(rest.get(member));
      rest.delete(member);
      return encodeURIComponent(value);
    });
    const inQuery = operation.method === 'GET' || operation.method === 'DELETE';
    const members = Object.fromEntries(rest);
    const response = await api.http.inject({
      method: operation.method,
      url: `/v1${path}`,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
      ...(inQuery ? { query: members as Record<string, string> } : { payload: members }),
    } as InjectOptions);
    const body = response.body === '' ? {} : (response.json() as Answer['data']);
    const failed = response.statusCode >= 400;
    return {
      status: response.statusCode,
      ...(failed && { code: (body as unknown as { code: string }).code }),
      data: body as Answer['data'],
    };
  };
}

function mqttDoor(api: TestApi): Ask {
  return async (name, input, token) => {
    let identity: Awaited<ReturnType<typeof api.authenticator.verify>> | undefined;
    try {
      identity = token === undefined ? undefined : await api.authenticator.verify(token);
    } catch (error) {
      return { code: (error as PetrelError).code, data: {} };
    }
    const answer = await api.rpc(name, Buffer.from(JSON.stringify(input)), {
      identity,
      address: '127.0.0.1',
    });
    return answer.ok
      ? { data: (answer.data ?? {}) as Answer['data'] }
      : { code: answer.error.code, data: {} };
  };
}
