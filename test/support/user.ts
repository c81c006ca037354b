import assert from 'node:assert/strict';
import type { Api } from './api.ts';
import { ChatClient, type ConnectOptions } from './chat-client.ts';
import type { Petrel } from './petrel.ts';

/** Where a user comes in: a server, or whoever chooses one of several. */
export type Door = Pick<Petrel, 'api' | 'port'>;

/** A user of a server under test, with a token that is good for an hour. */
export class User {
  readonly uid: string;
  readonly token: string;
  readonly #door: Door;

  constructor(door: Door, uid: string, token: string) {
    this.#door = door;
    this.uid = uid;
    this.token = token;
  }

  get api(): Api {
    return this.#door.api(this.token);
  }

  /** Connects over TCP, by MQTT 5 unless told otherwise; fails where the server refuses. */
  async connect(options: ConnectOptions = {}): Promise<ChatClient> {
    const client = await this.tryConnect(options);
    assert.equal(client.reason, 0, `CONNACK ${client.reason}`);
    return client;
  }

  /** Connects; `connack` tells what the server said. */
  tryConnect(options: ConnectOptions = {}): Promise<ChatClient> {
    const named = { username: this.uid, password: this.token };
    return ChatClient.connect(this.#door.port('mqtt'), { ...named, ...options });
  }

  /** Makes a group with these members; answers its gid. */
  async createGroup(members: readonly User[] = [], more: object = {}): Promise<string> {
    const uids = members.map(({ uid }) => uid);
    const { status, body } = await this.api.post<{ gid: string }>('/groups', {
      name: 'a group',
      members: uids,
      ...more,
    });
    assert.equal(status, 201);
    return body.gid;
  }
}
