import assert from 'node:assert/strict';
import type { Bench, TestClient } from './fixture.ts';

/** A receiver that follows MQTT: it keeps a QoS 2 id until PUBREL, and drops what is repeated meanwhile. */
export class Receiver {
  readonly window: number;
  readonly got: string[] = [];
  readonly #open = new Set<number>();
  /** What it has still to answer on this connection. */
  #due: { readonly type: 'puback' | 'pubrec' | 'pubcomp'; readonly id: number }[] = [];

  constructor(window: number) {
    this.window = window;
  }

  read(client: TestClient): void {
    for (const packet of client.link.take()) {
      if (packet.cmd === 'pubrel') {
        this.#open.delete(packet.messageId!);
        this.#due.push({ type: 'pubcomp', id: packet.messageId! });
      } else if (packet.cmd === 'publish') {
        const id = packet.messageId!;
        const repeated =
          packet.qos === 2 ? this.#open.has(id) : packet.dup && this.got.includes(`${packet.payload}`);
        if (packet.qos === 2) this.#open.add(id);
        if (!repeated) this.got.push(`${packet.payload}`);
        this.#due.push({ type: packet.qos === 2 ? 'pubrec' : 'puback', id });
      }
    }
    assert.ok(client.session.otherInFlight <= this.window);
    assert.ok(client.session.otherInFlight >= 0);
  }

  answer(bench: Bench, client: TestClient, count: number): void {
    for (const { type, id } of this.#due.splice(0, count)) {
      const release = bench.topics.acknowledge(client, type, id, 0);
      if (release !== undefined) client.link.send(release);
    }
  }

  get idle(): boolean {
    return this.#due.length === 0;
  }

  lose(): void {
    this.#due = [];
  }
}
