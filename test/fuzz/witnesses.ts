import assert from 'node:assert/strict';
import type { ChatClient } from '../support/chat-client.ts';
import { textMessage } from '../support/chat-client.ts';
import type { Petrel } from '../support/petrel.ts';

/** A message that takes longer has been held up by somebody else's packets. */
const boundMs = 5000;

/** Two users who write to each other without a pause, in turn in their chat and on a custom topic. */
export class WitnessPair {
  readonly #clients: readonly [ChatClient, ChatClient];
  readonly #uids: readonly [string, string];
  #exchanged = 0;
  #slowestMs = 0;
  #running = true;
  #failure: unknown;
  #work: Promise<void> = Promise.resolve();

  private constructor(clients: readonly [ChatClient, ChatClient], uids: readonly [string, string]) {
    this.#clients = clients;
    this.#uids = uids;
  }

  static async begin(petrel: Petrel): Promise<WitnessPair> {
    const users = await petrel.users('witness', 'witness');
    const clients = [await users[0].connect(), await users[1].connect()] as const;
    for (const client of clients) assert.deepEqual(await client.subscribe(['witness/talk']), [1]);
    const pair = new WitnessPair(clients, [users[0].uid, users[1].uid]);
    pair.#work = pair.#talk().catch((error: unknown) => {
      pair.#failure = error;
    });
    return pair;
  }

  async #talk(): Promise<void> {
    for (let number = 0; this.#running; number++) {
      const from = number % 2;
      const [sender, receiver] = [this.#clients[from]!, this.#clients[1 - from]!];
      const begunAt = Date.now();
      const id = `w-${number}`;
      const ack = await sender.publish(`send/u/${this.#uids[1 - from]}`, textMessage(id, 'hello'));
      assert.equal(ack.reason, 0);
      for (const one of [sender, receiver]) assert.equal((await one.event()).id, id);
      assert.equal((await sender.publish('witness/talk', id)).reason, 0);
      for (const one of [sender, receiver]) {
        const { payload } = await one.delivery((topic) => topic === 'witness/talk');
        assert.equal(payload.toString(), id);
      }
      const tookMs = Date.now() - begunAt;
      this.#slowestMs = Math.max(this.#slowestMs, tookMs);
      this.#exchanged += 2;
      assert.ok(tookMs < boundMs, `the witnesses waited ${tookMs} ms`);
    }
  }

  /** Throws where they could not go on. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends after the message in hand. */
  async end(): Promise<{ exchanged: number; slowestMs: number }> {
    this.#running = false;
    await this.#work;
    this.check();
    for (const client of this.#clients) await client.disconnect();
    return { exchanged: this.#exchanged, slowestMs: this.#slowestMs };
  }
}
