import assert from 'node:assert/strict';
import type { ConfigInput } from '../../schemas/config.ts';
import type { BusMessage, Notice } from '../../store/bus.ts';
import type { Answer, Ask } from './doors.ts';
import { startApi, type TestApi } from './server.ts';

/** An API with registered users, who ask through one door. */
export interface People {
  readonly api: TestApi;
  readonly ask: Ask;
  /** One more user who signs in by password. */
  register(uid: string): Promise<void>;
  /** Asks as the user. */
  as(uid: string, name: string, input?: object): Promise<Answer>;
  /** Asks as the user and is refused with this code and, over HTTP, this status. */
  refused(uid: string, name: string, input: object, code: string, status: number): Promise<void>;
  /** Asks as the user, who may; answers the data. */
  data(uid: string, name: string, input?: object): Promise<Answer['data']>;
  /** Makes a group and answers its gid. */
  group(owner: string, members?: readonly string[], more?: object): Promise<string>;
  send(uid: string, conv: string, id: string, type?: string, body?: object): Promise<Answer>;
  /** Events of a conversation as the user reads them. */
  events(uid: string, conv: string, input?: object): Promise<Record<string, unknown>[]>;
  /** The notices of this type that the user was told. */
  notices(uid: string, type: Notice['type']): Notice[];
  /** A token with scope admin. */
  admin(): Promise<string>;
}

/** Starts an API of its own whose users sign in by password. */
export async function startPeople(
  door: { readonly open: (api: TestApi) => Ask },
  uids: readonly string[],
  config: ConfigInput = {},
): Promise<People> {
  const api = await startApi(config);
  const ask = door.open(api);
  const tokens = new Map<string, string>();
  const register = async (uid: string) => {
    const { data } = await ask('auth.register', { uid, password: 'correct horse', name: `The ${uid}` });
    tokens.set(uid, data.accessToken as unknown as string);
  };
  for (const uid of uids) await register(uid);
  const as: People['as'] = (uid, name, input = {}) => ask(name, input, tokens.get(uid));
  const data: People['data'] = async (uid, name, input) => {
    const answer = await as(uid, name, input);
    assert.equal(answer.code, undefined, `${name} is refused: ${answer.code}`);
    return answer.data;
  };
  return {
    api,
    ask,
    register,
    as,
    data,
    async refused(uid, name, input, code, status) {
      const answer = await as(uid, name, input);
      assert.equal(answer.code, code);
      if (answer.status !== undefined) assert.equal(answer.status, status);
    },
    async group(owner, members = [], more = {}) {
      const { gid } = await data(owner, 'groups.create', { name: 'Birds', members, ...more });
      return gid as unknown as string;
    },
    send: (uid, conv, id, type = 'text', body = { text: id }) =>
      as(uid, 'messages.send', { conv, id, type, body }),
    async events(uid, conv, input = {}) {
      return (await data(uid, 'history', { conv, ...input })).events as unknown as Record<string, unknown>[];
    },
    notices: (uid, type) =>
      api.messages
        .filter(
          (message): message is Extract<BusMessage, { type: 'notice' }> =>
            message.type === 'notice' && message.uid === uid,
        )
        .map(({ notice }) => notice)
        .filter((notice) => notice.type === type),
    admin: () => api.token('operator', { scope: 'admin' }),
  };
}
