import { filterMatches } from '../../schemas/topics.ts';
import type { CustomCounters } from './custom.ts';
import type { CustomMessage } from './message.ts';
import type { Router } from './router.ts';

/** `$SYS` topics and how their values are found. */
export type SystemValues = Readonly<Record<`$SYS/${string}`, () => string | number>>;

/** What a broker tells of itself. */
export const brokerValues = ({
  version,
  now,
  connected,
  retained,
  counters,
}: {
  readonly version: string;
  readonly now: () => number;
  readonly connected: () => number;
  readonly retained: { readonly size: number };
  readonly counters: CustomCounters;
}): SystemValues => {
  const startedAt = now();
  return {
    '$SYS/broker/version': () => `petrel ${version}`,
    '$SYS/broker/uptime': () => `${Math.floor((now() - startedAt) / 1000)} seconds`,
    '$SYS/broker/clients/connected': connected,
    '$SYS/broker/retained messages/count': () => retained.size,
    '$SYS/broker/publish/messages/received': () => counters.published,
    '$SYS/broker/publish/messages/sent': () => counters.delivered,
    '$SYS/broker/publish/messages/dropped': () => counters.droppedFull + counters.droppedSlow,
  };
};

/** What the server tells of itself on `$SYS/…`: on change to those who listen, and at once to a new subscription. */
export class SystemTopics {
  readonly #router: Router;
  readonly #values: [string, () => string | number][];
  readonly #now: () => number;
  readonly #told = new Map<string, string>();

  constructor(router: Router, values: SystemValues, now: () => number) {
    this.#router = router;
    this.#values = Object.entries(values);
    this.#now = now;
  }

  /** Publishes the values that have changed. */
  async tell(): Promise<void> {
    const told = this.#values.map(([topic, read]) => {
      const value = String(read());
      if (this.#told.get(topic) === value) return undefined;
      this.#told.set(topic, value);
      return this.#router.publish(this.#message(topic, value));
    });
    await Promise.all(told);
  }

  matching(filter: string): CustomMessage[] {
    return this.#values
      .filter(([topic]) => filterMatches(filter, topic))
      .map(([topic, read]) => this.#message(topic, String(read())));
  }

  #message(topic: string, value: string): CustomMessage {
    const envelope = { qos: 0, retain: true, from: '', at: this.#now() } as const;
    return this.#router.message(topic, Buffer.from(value), envelope);
  }
}
