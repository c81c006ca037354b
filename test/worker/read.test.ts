import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { BusMessage } from '../../store/bus.ts';
import { createMemoryBus } from '../../store/state/memory/bus.ts';
import type { Cursor } from '../../store/timeline.ts';
import { ReadCursors } from '../../worker/read.ts';

const direct = 'u:alice:bob';
const birds = 'g:birds';

/** Read cursors over stores that are maps; each store call takes some turns of the event loop. */
class Fixture {
  readonly messages: BusMessage[] = [];
  readonly cursors = new Map<string, number>();
  /** The sender of each event; those in brackets are no messages. */
  readonly events: Record<string, string[]> = { [direct]: [], [birds]: [] };
  readonly silent = new Set<string>();
  readonly left = new Set<string>();
  readonly marked = new Set<string>();
  memberCount = 3;
  moves = 0;
  turns = () => 0;
  readonly reads: ReadCursors;

  constructor(noticeMembers = 200) {
    const bus = createMemoryBus((error) => {
      throw error;
    });
    bus.subscribe((message) => this.messages.push(message));
    const held = <F>(facts: F) => ({ facts, stale: false, until: Number.MAX_SAFE_INTEGER });
    this.reads = new ReadCursors({
      bus,
      noticeMembers,
      onError: (error) => {
        throw error;
      },
      timeline: {
        cursors: (keys) => this.#later(() => keys.map(({ conv, uid }) => this.cursor(conv, uid))),
        moveCursors: (wishes) =>
          this.#later(() => {
            this.moves++;
            return wishes.map(({ conv, uid, read = 0 }) => {
              const head = this.events[conv]!.length;
              const key = `${conv} ${uid}`;
              this.cursors.set(key, Math.max(this.cursors.get(key) ?? 0, Math.min(read, head)));
              return this.cursor(conv, uid);
            });
          }),
        range: ({ conv, after, before = Number.MAX_SAFE_INTEGER, limit }) =>
          this.#later(() =>
            this.events[conv]!.map((from, i) => {
              const seq = i + 1;
              return {
                conv,
                seq,
                n: this.n(conv, seq),
                ts: seq,
                from: from.replace(/[()]/g, ''),
                raw: Buffer.of(),
              };
            })
              .filter(({ seq }) => seq > after && seq < before)
              .slice(0, limit),
          ),
      },
      directory: {
        clearMark: (uid, conv) => this.#later(() => this.marked.delete(`${uid} ${conv}`)),
        readMentions: () => this.#later(() => undefined),
        getGroup: (gid) =>
          this.#later(() => ({
            gid,
            name: gid,
            owner: 'alice',
            join: 'open',
            muted: false,
            history: 'all',
            memberCount: this.memberCount,
            createdAt: 1,
          })),
      },
      facts: {
        user: async (uid) =>
          held({ exists: true, removed: false, invisible: false, readReceipts: !this.silent.has(uid) }),
        group: async (_, uid) =>
          held({
            exists: true,
            muted: false,
            ...(!this.left.has(uid) && { member: { role: 'member' as const, mutedUntil: 0, since: 1 } }),
          }),
      },
    });
  }

  async #later<T>(work: () => T): Promise<T> {
    for (let i = this.turns(); i > 0; i--) await setImmediate();
    const done = work();
    for (let i = this.turns(); i > 0; i--) await setImmediate();
    return done;
  }

  /** Messages up to and including this event. */
  n(conv: string, seq: number): number {
    return this.events[conv]!.slice(0, seq).filter((from) => !from.startsWith('(')).length;
  }

  cursor(conv: string, uid: string): Cursor {
    const read = this.cursors.get(`${conv} ${uid}`) ?? 0;
    return { conv, uid, delivered: 0, read, readN: this.n(conv, read) };
  }

  say(conv: string, ...senders: string[]): void {
    this.events[conv]!.push(...senders);
  }

  /** The seqs this user was told that the reader has read, in order. */
  told(uid: string, reader: string): number[] {
    return this.messages.flatMap((message) =>
      message.type === 'notice' &&
      message.uid === uid &&
      message.notice.type === 'read' &&
      message.notice.uid === reader
        ? [message.notice.seq]
        : [],
    );
  }
}

describe('read cursors', () => {
  it('are the furthest of all moves, and what is told of them never falls', async () => {
    const uids = ['alice', 'bob'];
    const move = fc.record({
      conv: fc.constantFrom(direct, birds),
      uid: fc.constantFrom(...uids),
      seq: fc.integer({ min: 1, max: 30 }),
      waits: fc.boolean(),
    });
    const run = fc.asyncProperty(
      fc.array(move, { minLength: 1, maxLength: 30 }),
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 25 }),
      async (moves, turns, head) => {
        const fixture = new Fixture();
        let turn = 0;
        fixture.turns = () => turns[turn++ % turns.length]!;
        for (const conv of [direct, birds])
          fixture.say(conv, ...Array.from({ length: head }, (_, i) => (i % 3 ? 'alice' : '(bob)')));
        const answers: Promise<unknown>[] = [];
        for (const { conv, uid, seq, waits } of moves) {
          const moved = fixture.reads.move(conv, uid, seq).then((cursor) => {
            assert.ok(cursor.read >= Math.min(seq, head));
            assert.equal(cursor.readN, fixture.n(conv, cursor.read));
          });
          answers.push(moved);
          if (waits) await moved;
        }
        await Promise.all(answers);
        await fixture.reads.close();
        for (const conv of [direct, birds])
          for (const uid of uids) {
            const wished = moves.filter((one) => one.conv === conv && one.uid === uid).map(({ seq }) => seq);
            assert.equal(fixture.cursor(conv, uid).read, Math.min(Math.max(0, ...wished), head));
          }
        for (const uid of uids)
          for (const reader of uids)
            for (const conv of [direct, birds]) {
              const seqs = fixture.messages.flatMap((message) =>
                message.type === 'notice' &&
                message.uid === uid &&
                message.notice.type === 'read' &&
                message.notice.conv === conv &&
                message.notice.uid === reader
                  ? [message.notice.seq]
                  : [],
              );
              assert.deepEqual(
                seqs,
                seqs.toSorted((a, b) => a - b),
              );
              if (uid === reader) assert.equal(seqs.at(-1) ?? 0, fixture.cursor(conv, reader).read);
            }
      },
    );
    await fc.assert(run, { numRuns: 200, interruptAfterTimeLimit: 20_000 });
  });

  it('that are moved many times at once are moved twice', async () => {
    const fixture = new Fixture();
    fixture.say(direct, ...Array.from({ length: 50 }, () => 'alice'));
    const moved = await Promise.all(
      Array.from({ length: 50 }, (_, i) => fixture.reads.move(direct, 'bob', i + 1)),
    );
    assert.deepEqual([moved[0]!.read, moved[1]!.read, moved[49]!.read], [1, 50, 50]);
    assert.equal(fixture.moves, 2);
    assert.deepEqual(fixture.told('alice', 'bob'), [1, 50]);
  });

  it('tell nobody where they do not move', async () => {
    const fixture = new Fixture();
    fixture.say(direct, 'alice', 'alice');
    await fixture.reads.move(direct, 'bob', 2);
    await fixture.reads.move(direct, 'bob', 1);
    await fixture.reads.move(direct, 'bob', 9);
    assert.deepEqual([fixture.told('alice', 'bob'), fixture.told('bob', 'bob')], [[2], [2]]);
  });

  it('take the mark of being unread away, also where they do not move', async () => {
    const fixture = new Fixture();
    fixture.say(direct, 'alice');
    await fixture.reads.move(direct, 'bob', 1);
    fixture.marked.add(`bob ${direct}`);
    await fixture.reads.move(direct, 'bob', 1);
    await fixture.reads.move(direct, 'bob', 1);
    const notices = fixture.messages.filter(
      (one) => one.type === 'notice' && one.notice.type === 'conversation',
    );
    assert.deepEqual(notices, [
      { type: 'notice', uid: 'bob', notice: { type: 'conversation', conv: direct, markedUnread: false } },
    ]);
  });

  it('of a group are told to those who sent what was read, together', async () => {
    const fixture = new Fixture();
    fixture.say(birds, 'dave', 'alice', '(erin)', 'bob', 'carol', 'system', 'frank');
    await fixture.reads.move(birds, 'bob', 1);
    await fixture.reads.move(birds, 'bob', 3);
    await fixture.reads.move(birds, 'bob', 6);
    fixture.left.add('carol');
    await fixture.reads.close();
    const told = (uid: string) => fixture.told(uid, 'bob');
    assert.deepEqual(told('bob'), [1, 3, 6]);
    assert.deepEqual([told('alice'), told('dave')], [[6], [6]]);
    for (const uid of ['carol', 'erin', 'frank', 'system']) assert.deepEqual(told(uid), []);
  });

  it('of a group are told to twenty senders at most, those of the newest messages', async () => {
    const fixture = new Fixture();
    fixture.say(birds, ...Array.from({ length: 300 }, (_, i) => `sender${i % 150}`));
    await fixture.reads.move(birds, 'bob', 300);
    await fixture.reads.close();
    const told = fixture.messages.flatMap((one) =>
      one.type === 'notice' && one.uid !== 'bob' ? [one.uid] : [],
    );
    assert.deepEqual(told.sort(), Array.from({ length: 20 }, (_, i) => `sender${130 + i}`).sort());
  });

  it('of a large group are told to nobody else', async () => {
    for (const [limit, count] of [
      [3, 4],
      [0, 1],
    ] as const) {
      const fixture = new Fixture(limit);
      fixture.memberCount = count;
      fixture.say(birds, 'alice');
      await fixture.reads.move(birds, 'bob', 1);
      await fixture.reads.close();
      assert.deepEqual([fixture.told('alice', 'bob'), fixture.told('bob', 'bob')], [[], [1]]);
    }
  });

  it('are between the devices of who does not show them, and not shown to who does not show their own', async () => {
    for (const silent of ['alice', 'bob']) {
      const fixture = new Fixture();
      fixture.silent.add(silent);
      for (const conv of [direct, birds]) {
        fixture.say(conv, 'alice');
        await fixture.reads.move(conv, 'bob', 1);
      }
      await fixture.reads.close();
      assert.deepEqual([fixture.told('alice', 'bob'), fixture.told('bob', 'bob')], [[], [1, 1]]);
    }
  });
});
