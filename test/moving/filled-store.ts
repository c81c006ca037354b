import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { MovableStore } from '../../moving/sections.ts';
import { directConv } from '../../schemas/event.ts';
import { openSqliteCustom } from '../../store/custom/sqlite.ts';
import { customTransfer } from '../../store/custom/transfer.ts';
import type { CustomRecord, CustomStore } from '../../store/custom.ts';
import { openSqliteDirectory } from '../../store/directory/sql/sqlite.ts';
import { openSqliteSessions } from '../../store/sessions/sqlite.ts';
import { openSqliteTimeline } from '../../store/timeline/sqlite/timeline.ts';
import type { Submission } from '../../store/timeline.ts';
import type { TableRow } from '../../store/transfer.ts';
import { Seeded } from '../support/seeded.ts';

export type ClosableStore = MovableStore & { readonly kept: CustomStore; close(): Promise<void> };

/** The embedded form of a store. */
export async function openEmbedded(dir: string): Promise<ClosableStore> {
  const timeline = await openSqliteTimeline({ dir });
  const directory = await openSqliteDirectory({ dir });
  const sessions = await openSqliteSessions({ dir });
  const kept = await openSqliteCustom({ dir });
  return {
    ...{ timeline, directory, sessions, kept, custom: customTransfer(kept) },
    async close() {
      for (const store of [kept, sessions, directory, timeline]) await store.close();
    },
  };
}

export interface Fill {
  readonly seed?: number;
  readonly events?: number;
  readonly conversations?: number;
  /** Of the table of users; the others have a few. */
  readonly users?: number;
}

const texts = [
  'hello',
  'Grüße, 世界 👋🏽',
  'a "quoted"\nline\t\\ with \u2028 and \u0000',
  '',
  'مرحبا',
  '\ud83d\ude00'.repeat(9),
];
/** So that a section has several lists of lines. */
const long = 'long '.repeat(5000);
const uids = ['alice', 'Alice', 'bob', 'carol', 'dave.1', 'eve-2', 'removed'];

/** Makes a store in an empty folder with something of everything, the same for the same seed. */
export async function fillStore(dir: string, fill: Fill = {}): Promise<void> {
  const random = new Seeded(fill.seed ?? 1);
  const store = await openEmbedded(dir);
  await fillTimeline(store, random, fill.events ?? 600, fill.conversations ?? 12);
  for (const [table, columns] of Object.entries(columnsOf(dir, Object.keys(store.directory.tables))))
    await store.directory.loadRows(table, rowsOf(columns, random, table === 'users' ? (fill.users ?? 5) : 5));
  await fillSessions(store, random);
  await fillCustom(store, random);
  await store.close();
}

async function fillTimeline(
  { timeline }: MovableStore,
  random: Seeded,
  count: number,
  conversations: number,
): Promise<void> {
  const directs = uids.flatMap((a) => uids.filter((b) => a <= b).map((b) => directConv(a, b)));
  const convs = Array.from({ length: conversations }, (_, i) =>
    i % 2 === 0 ? `g:team${i}` : directs[i % directs.length]!,
  );
  const seqs = new Map<string, number>();
  let batch: Submission[] = [];
  for (let i = 0; i < count; i++) {
    const conv = random.pick(convs);
    const from = random.pick(uids);
    const id = `id "${i}"`;
    const seq = seqs.get(conv) ?? 0;
    seqs.set(conv, seq + 1);
    const raw = Buffer.from(
      JSON.stringify({ id, type: 'text', body: { text: random.pick([...texts, long]) } }),
    );
    const target = random.between(1, seq);
    const kind = seq === 0 ? 'text' : random.pick(['text', 'text', 'text', 'edit', 'react', 'recall']);
    if (kind === 'text') batch.push({ conv, from, id, counts: true, raw });
    else {
      const emptied = { seq: target, raw: Buffer.from(`{"id":"recalled","type":"text","by":"${i}"}`) };
      const more = kind === 'recall' ? { replaces: [emptied] } : {};
      batch.push({ conv, from, id, counts: false, raw, target, ...more });
    }
    if (batch.length < 50 && i < count - 1) continue;
    await timeline.append(batch);
    batch = [];
  }
  const moves = convs.flatMap((conv) =>
    uids.map((uid) => ({ conv, uid, delivered: random.between(0, 50), read: random.between(0, 40) })),
  );
  await timeline.moveCursors(moves.filter(({ read }) => read % 3 > 0));
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isKey: boolean;
  readonly mayBeNull: boolean;
}

function columnsOf(dir: string, tables: readonly string[]): Record<string, Column[]> {
  const db = new DatabaseSync(join(dir, 'directory.db'));
  try {
    const info = db.prepare('select name, type, "notnull", pk from pragma_table_info(?)');
    return Object.fromEntries(
      tables.map((table) => [
        table,
        (info.all(table) as { name: string; type: string; notnull: number; pk: number }[]).map((row) => ({
          name: row.name,
          type: row.type,
          isKey: row.pk > 0,
          mayBeNull: row.notnull === 0,
        })),
      ]),
    );
  } finally {
    db.close();
  }
}

/** Columns that hold more than ASCII. */
const textColumns = new Set(
  'name bio remark note nick announcement draft ban_reason raw detail payload targets uids status avatar'.split(
    ' ',
  ),
);

const rowsOf = (columns: readonly Column[], random: Seeded, count: number): TableRow[] =>
  Array.from({ length: count }, (_, i) =>
    Object.fromEntries(columns.map((column) => [column.name, valueFor(column, random, i)])),
  );

function valueFor(
  { name, type, isKey, mayBeNull }: Column,
  random: Seeded,
  i: number,
): string | number | null {
  const isText = type === 'text';
  if (isKey || name === 'id') return isText ? `${i % 2 === 0 ? 'k' : 'K'}${String(i).padStart(5, '0')}` : i;
  if (mayBeNull && random.next() < 0.4) return null;
  if (type === 'bigint') return random.pick([0, 1_789_000_000_000, Number.MAX_SAFE_INTEGER, i]);
  if (!isText) return random.between(0, 1);
  return textColumns.has(name) ? random.pick(texts) : `v${random.between(0, 99)}`;
}

const clientId = (i: number): string => `client ${i} 世界`;
const sessionKey = (i: number): string => `${uids[i]}/${clientId(i)}`;

async function fillSessions({ sessions }: MovableStore, random: Seeded): Promise<void> {
  const disconnectedAt = Date.now() - 1000;
  for (const [i, uid] of uids.entries())
    await sessions.put({
      uid,
      clientId: clientId(i),
      ...(i % 2 === 0 && { did: `device-${i}` }),
      createdAt: disconnectedAt - 50_000,
      expirySeconds: i === 3 ? 0xffff_ffff : 86_400,
      disconnectedAt,
      positions: { 'g:team0': random.between(1, 20), [directConv('alice', uid)]: 3 },
      subscriptions: [
        { filter: 'site/+/#', qos: 1, noLocal: true, identifier: 7, scopes: ['device'] },
        { filter: `$share/a/x/${i}`, qos: 2, retainAsPublished: true, retainHandling: 1 },
      ],
      silenced: i === 1 ? ['n/bob'] : [],
      ...(i === 2 && { received: [1, 65_535] }),
    });
}

async function fillCustom({ kept: custom }: ClosableStore, random: Seeded): Promise<void> {
  const message = (topic: string, size: number): CustomRecord => ({
    topic,
    payload: random.bytes(size),
    qos: random.pick([0, 1, 2] as const),
    retain: random.next() < 0.5,
    from: 'alice client 1',
    at: 1_789_000_000_000 + size,
    ...(size % 2 === 0 && { properties: '{"contentType":"bin/世界"}' }),
  });
  for (let i = 0; i < 20; i++) custom.retain(message(`site/${i}/値`, i));
  const terms = { delaySeconds: 30, scopes: ['device'], properties: '{"contentType":"bin/世界"}' };
  for (const from of [sessionKey(0), 'gone/client'])
    custom.will({ ...message('site/wills', 4), from, properties: JSON.stringify(terms) });
  const records = [0, 1, 2, 3].map((i) => message(`site/q/${i}`, 300 * i));
  const ids: number[] = [];
  for (let i = 0; i < 30; i++)
    ids.push(
      custom.add({
        // Of the last one there is no session any more.
        session: i % 4 === 3 ? 'gone/client' : sessionKey(i % 4),
        message: random.pick(records),
        qos: i % 2 === 0 ? 1 : 2,
        retain: i % 5 === 0,
        ...(i % 4 === 0 && { identifiers: [1, i + 1] }),
        ...(i % 7 === 0 && { share: '$share/a/site/#' }),
      }),
    );
  // In another order than they came in, as on the wire.
  for (const i of [4, 1, 9]) custom.sent(ids[i]!, 40_000 + i);
  custom.received(ids[1]!);
  await custom.written();
}
