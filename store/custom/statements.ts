import type { CustomRecord } from '../custom.ts';
import type { Batch, Holder } from './batch.ts';

export const schema = [
  `create table if not exists messages (
    id integer primary key, topic text not null, payload blob not null, qos integer not null, retain integer not null,
    sender text not null, at integer not null, properties text)`,
  `create table if not exists entries (
    id integer primary key, session text not null, message integer not null, qos integer not null, retain integer not null,
    identifiers text, share text, packet_id integer not null, sent integer not null, received integer not null)`,
  `create table if not exists retained (
    topic text primary key, payload blob not null, qos integer not null, retain integer not null,
    sender text not null, at integer not null, properties text)`,
  `create table if not exists wills (
    topic text not null, payload blob not null, qos integer not null, retain integer not null,
    sender text primary key, at integer not null, properties text)`,
];

// Rows come as one JSON array, their payloads as one blob: a statement costs a message to the thread, a row next to nothing.
// A blob without a byte is bound as null.
const payload = `coalesce(substr(?2, (value->>1) + 1, value->>2), x'')`;
const sql = {
  message: `insert or replace into messages select value->>0, value->>3, ${payload},
    value->>4, value->>5, value->>6, value->>7, value->>8 from json_each(?1)`,
  will: `insert or replace into wills select value->>3, ${payload},
    value->>4, value->>5, value->>6, value->>7, value->>8 from json_each(?1)`,
  dropWill: `delete from wills where sender in (select value from json_each(?))`,
  retain: `insert or replace into retained select value->>3, ${payload},
    value->>4, value->>5, value->>6, value->>7, value->>8 from json_each(?1)`,
  add: `insert into entries select value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6,
    value->>7, value->>8, value->>9 from json_each(?)`,
  sent: `update entries set packet_id = given.value->>1, sent = given.value->>2
    from json_each(?) as given where entries.id = given.value->>0`,
  received: `update entries set received = 1 where id in (select value from json_each(?))`,
  remove: `delete from entries where id in (select value from json_each(?))`,
  drop: `delete from messages where id in (select value from json_each(?))`,
  clear: `delete from retained where topic in (select value from json_each(?))`,
};

export type Statement = readonly [sql: string, ...parameters: (string | Uint8Array)[]];

/** Payloads that one statement takes together. */
const maxStatementBytes = 4 * 1024 * 1024;

/** Inserts of messages, in statements of bounded size. */
function* inserts(
  text: string,
  messages: readonly (readonly [id: number, message: CustomRecord])[],
): Generator<Statement> {
  let rows: unknown[] = [];
  let payloads: Uint8Array[] = [];
  let bytes = 0;
  for (const [id, message] of messages) {
    if (bytes > 0 && bytes + message.payload.length > maxStatementBytes) {
      yield [text, JSON.stringify(rows), Buffer.concat(payloads, bytes)];
      [rows, payloads, bytes] = [[], [], 0];
    }
    const { topic, payload, qos, retain, from, at, properties } = message;
    rows.push([id, bytes, payload.length, topic, qos, retain ? 1 : 0, from, at, properties ?? null]);
    payloads.push(payload);
    bytes += payload.length;
  }
  if (rows.length > 0) yield [text, JSON.stringify(rows), Buffer.concat(payloads, bytes)];
}

/** The statements of a batch, in order; messages that they store or drop are marked so. */
export function* statementsOf(batch: Batch): Generator<Statement> {
  const ids = (text: string, list: Iterable<number | string>): Statement => [text, JSON.stringify([...list])];
  const messages = new Map<Holder, CustomRecord>();
  for (const { entry, holder } of batch.adds.values()) {
    if (!holder.stored) messages.set(holder, entry.message);
  }
  for (const holder of messages.keys()) holder.stored = true;
  yield* inserts(
    sql.message,
    [...messages].map(([{ id }, message]) => [id, message]),
  );
  if (batch.adds.size > 0) {
    const rows = Array.from(batch.adds, ([id, { entry, holder, packetId, sent, received }]) => [
      ...[id, entry.session, holder.id, entry.qos, entry.retain ? 1 : 0],
      ...[entry.identifiers === undefined ? null : JSON.stringify(entry.identifiers), entry.share ?? null],
      ...[packetId, sent, received ? 1 : 0],
    ]);
    yield [sql.add, JSON.stringify(rows)];
  }
  if (batch.sent.size > 0) {
    yield [sql.sent, JSON.stringify(Array.from(batch.sent, ([id, one]) => [id, one.packetId, one.sent]))];
  }
  if (batch.received.size > 0) yield ids(sql.received, batch.received);
  if (batch.removes.size > 0) yield ids(sql.remove, batch.removes);
  const dropped = [...batch.emptied].filter(({ entries }) => entries === 0);
  for (const holder of dropped) holder.stored = false;
  if (dropped.length > 0)
    yield ids(
      sql.drop,
      dropped.map(({ id }) => id),
    );
  yield* settings(sql.retain, sql.clear, batch.retained);
  yield* settings(sql.will, sql.dropWill, batch.wills);
}

/** Puts what is there, and deletes what is not. */
function* settings(
  put: string,
  remove: string,
  values: ReadonlyMap<string, CustomRecord | undefined>,
): Generator<Statement> {
  const there: (readonly [number, CustomRecord])[] = [];
  const gone: string[] = [];
  for (const [key, message] of values) {
    if (message === undefined) gone.push(key);
    else there.push([0, message]);
  }
  yield* inserts(put, there);
  if (gone.length > 0) yield [remove, JSON.stringify(gone)];
}
