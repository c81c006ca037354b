import assert from 'node:assert/strict';
import type { EventDocument } from '../../schemas/event.ts';
import { until, within } from '../support/until.ts';
import type { User } from '../support/user.ts';
import type { Load, Talk } from './load/load.ts';
import type { SentMessage } from './load/sender.ts';

/** The conversations as the store has them, by conv. */
export type Timelines = ReadonlyMap<string, readonly EventDocument[]>;

const isChange = (type: string): boolean => ['edit', 'recall', 'react', 'pin'].includes(type);
const counts = ({ type }: EventDocument): boolean => !isChange(type) && type !== 'member' && type !== 'group';
const idOf = ({ payload }: SentMessage): string => (payload as { id: string }).id;

/** What the user's API answers; asks again while it says 503 or not at all. */
async function ask<T>(user: User, path: string, input?: object): Promise<T> {
  return until(
    `an answer to ${path}`,
    async () => {
      const asking = input === undefined ? user.api.get<T>(path) : user.api.post<T>(path, input);
      const reply = await within('an answer', asking).catch(() => undefined);
      if (reply === undefined || reply.status === 503) return undefined;
      assert.equal(reply.status, 200, `${path}: ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
    60_000,
  ) as Promise<T>;
}

async function timelineOf({ reader, conv }: Talk): Promise<EventDocument[]> {
  const events: EventDocument[] = [];
  for (;;) {
    const path = `/conversations/${conv}/messages?raw=1&limit=500&after=${events.at(-1)?.seq ?? 0}`;
    const page = await ask<{ events: EventDocument[]; more: boolean }>(reader, path);
    events.push(...page.events);
    if (!page.more) return events;
  }
}

/** The load is paused: everything it was told holds, in the store, at every receiver and in the API. */
export async function assertNothingLost(load: Load, timeoutMs: number): Promise<Timelines> {
  const timelines = new Map<string, EventDocument[]>();
  for (const talk of load.talks) timelines.set(talk.conv, await timelineOf(talk));
  for (const [conv, events] of timelines) assertSequence(conv, events);
  assertAcknowledged(load, timelines);
  assertOrder(load, timelines);
  assertRecalled(timelines);
  await assertReceived(load, timelines, timeoutMs);
  assertNoFaults(load);
  await assertLists(load, timelines);
  return timelines;
}

function assertSequence(conv: string, events: readonly EventDocument[]): void {
  let n = 0;
  for (const [i, event] of events.entries()) {
    assert.equal(event.seq, i + 1, `${conv}: the seqs`);
    if (counts(event)) n++;
    assert.equal(event.n, n, `${conv} ${event.seq}: the count of messages`);
    assert.ok(i === 0 || event.ts >= events[i - 1]!.ts, `${conv} ${event.seq}: the times`);
  }
}

function assertAcknowledged(load: Load, timelines: Timelines): void {
  for (const [conv, messages] of load.acknowledged()) {
    const stored = new Map<string, EventDocument[]>();
    for (const event of timelines.get(conv)!) {
      const key = `${event.from} ${event.id}`;
      stored.set(key, [...(stored.get(key) ?? []), event]);
    }
    for (const [key, found] of stored)
      assert.equal(found.length, 1, `${conv}: ${key} is at ${found.map(({ seq }) => seq)}`);
    for (const message of messages) {
      const event = stored.get(`${message.from} ${idOf(message)}`)?.[0];
      const { seq, ts } = message.ack!.properties;
      const told = `${conv} ${seq}: ${message.from} ${idOf(message)}, acknowledged with ts ${ts}`;
      assert.deepEqual([event?.seq, event?.ts], [Number(seq), Number(ts)], told);
    }
  }
}

/** What one connection sends to one conversation gets its seqs in that order; what was sent again may come later. */
function assertOrder(load: Load, timelines: Timelines): void {
  for (const sender of [...load.senders, ...load.changers]) {
    const last = new Map<string, number>();
    const inOrder = sender.acknowledged
      .filter(({ ack, sentAgain }) => ack!.reason < 0x80 && !sentAgain)
      .sort((a, b) => a.number - b.number);
    for (const { ack, from, number } of inOrder) {
      const { conv, seq } = ack!.properties as { conv: string; seq: string };
      assert.ok(timelines.has(conv));
      assert.ok(Number(seq) > (last.get(conv) ?? 0), `${conv}: ${from} ${number} is at ${seq}`);
      last.set(conv, Number(seq));
    }
  }
}

/** What was recalled has its words nowhere any more. */
function assertRecalled(timelines: Timelines): void {
  for (const [conv, events] of timelines) {
    const targetOf = ({ body }: EventDocument) => (body as { target: number }).target;
    const recalled = new Set(events.filter(({ type }) => type === 'recall').map(targetOf));
    for (const event of events) {
      const isGone = recalled.has(event.seq) || (event.type === 'edit' && recalled.has(targetOf(event)));
      if (isGone) assert.ok(!JSON.stringify(event).includes('message '), `${conv} ${event.seq} is recalled`);
    }
  }
}

/** From when to when (seqs, inclusive) a user was in the group, by the group's own events. */
export function stays(events: readonly EventDocument[], uid: string): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (const { type, seq, body } of events) {
    const { action, uids = [] } = (body ?? {}) as { action?: string; uids?: string[] };
    if ((type !== 'member' && type !== 'group') || !uids.includes(uid)) continue;
    if (action === 'added' || action === 'joined' || action === 'created') found.push([seq, Infinity]);
    else if (action === 'removed' || action === 'left') found.at(-1)![1] = seq;
  }
  return found;
}

/** What each receiver still lacks, in words; empty when all have all. */
export function missing(load: Load, timelines: Timelines): string[] {
  const { present, away, guests, live, subscriber } = load.receivers;
  const lacks: string[] = [];
  const lack = (who: string, conv: string, seqs: readonly number[]) => {
    if (seqs.length > 0) lacks.push(`${who}: ${conv} ${seqs.slice(0, 5)}… (${seqs.length})`);
  };
  for (const { conv, members } of load.talks) {
    const head = timelines.get(conv)!.length;
    for (const { uid, name, kept } of [...present, away])
      if (members.includes(uid)) lack(name, conv, kept.missing(conv, head));
    for (const one of live) if (members.includes(one.uid)) lack(one.name, conv, one.missing(conv, head));
  }
  const group = timelines.get(load.guestGroup)!;
  for (const { uid, name, kept } of guests) {
    const wanted = stays(group, uid);
    const seqs = kept.missing(load.guestGroup, group.length);
    // Who was not connected when they were removed does not get what was said before: they read no more.
    lack(
      name,
      load.guestGroup,
      seqs.filter((seq) => wanted.some(([from, to]) => from <= seq && to === Infinity)),
    );
  }
  const unheard = load.news.acknowledged.filter(
    ({ topic, payload, ack }) => ack!.reason < 0x80 && !subscriber.received.has(`${topic} ${payload}`),
  );
  lack(
    'subscriber',
    'news',
    unheard.map(({ number }) => number),
  );
  return lacks;
}

async function assertReceived(load: Load, timelines: Timelines, timeoutMs: number): Promise<void> {
  await until('all receivers', () => missing(load, timelines).length === 0, timeoutMs).catch(() => {});
  assert.deepEqual(missing(load, timelines), []);
  const { present, away, guests, live } = load.receivers;
  for (const { name, kept } of [...present, away, ...guests])
    for (const [conv, events] of kept.received)
      for (const { seq, from, id } of events.values()) {
        const stored = timelines.get(conv)?.[seq - 1];
        assert.deepEqual(
          [from, id],
          [stored?.from, stored?.id],
          `${name} has something else at ${conv} ${seq}`,
        );
      }
  for (const { name, received } of live)
    for (const [conv, events] of received)
      for (const [seq, is] of events) {
        const stored = timelines.get(conv)?.[seq - 1];
        assert.equal(is, `${stored?.from} ${stored?.id}`, `${name} has something else at ${conv} ${seq}`);
      }
  const group = timelines.get(load.guestGroup)!;
  for (const { uid, name, kept } of guests) {
    const wanted = stays(group, uid);
    const foreign = [...(kept.received.get(load.guestGroup)?.keys() ?? [])].filter(
      (seq) => !wanted.some(([from, to]) => from <= seq && seq <= to),
    );
    assert.deepEqual(foreign, [], `${name} got what was said while they were no member`);
  }
}

export function assertNoFaults(load: Load): void {
  const { present, away, guests, live, subscriber } = load.receivers;
  const faults = [
    ...[...present, away, ...guests].flatMap(({ name, kept }) => kept.faults.map((f) => `${name}: ${f}`)),
    ...live.flatMap(({ name, faults: own }) => own.map((fault) => `${name}: ${fault}`)),
    ...[...load.senders, ...load.changers, load.news, load.reads, load.churn].flatMap((one) => one.faults),
    ...subscriber.faults,
  ];
  assert.deepEqual(faults, []);
}

interface Listed {
  readonly conv: string;
  readonly head: { readonly seq: number };
  readonly unread: number;
  readonly read: number;
}

/** Lists and sync say what the timeline says. */
async function assertLists(load: Load, timelines: Timelines): Promise<void> {
  for (const uid of new Set(load.talks.flatMap(({ members }) => members))) {
    const talks = load.talks.filter(({ members }) => members.includes(uid));
    const user = load.users.get(uid)!;
    const { items } = await ask<{ items: Listed[] }>(user, '/conversations');
    const cursors = Object.fromEntries(talks.map(({ conv }) => [conv, timelines.get(conv)!.length - 3]));
    const synced = await ask<{ conversations: (Listed & { events: EventDocument[] })[] }>(user, '/sync', {
      cursors,
    });
    for (const { conv } of talks) {
      const events = timelines.get(conv)!;
      const [listed, sync] = [items, synced.conversations].map((found) =>
        (found as Listed[]).find((one) => one.conv === conv),
      );
      const { seq, n } = events.at(-1)!;
      const unread = n - (events[(listed?.read ?? 0) - 1]?.n ?? 0);
      assert.deepEqual([listed?.head.seq, listed?.unread], [seq, unread], `${uid}'s list has ${conv}`);
      assert.deepEqual([sync?.head.seq, sync?.unread], [seq, unread], `${uid} syncs ${conv}`);
      const { events: newest } = sync as unknown as { events: EventDocument[] };
      assert.deepEqual(
        newest.map((event) => event.id),
        events.slice(-3).map((event) => event.id),
      );
    }
  }
}
