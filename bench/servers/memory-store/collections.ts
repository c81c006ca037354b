/** A document, or a part of one. */
export interface Row {
  [name: string]: unknown;
}

interface Table {
  readonly byId: Map<unknown, Row>;
  /** Events of a conversation, by seq from 1 on; other rows have no `conv` and `seq` both. */
  readonly byConv: Map<unknown, Row[]>;
}

interface Update {
  readonly q: Row;
  readonly u: Readonly<Record<string, Row>>;
  readonly upsert?: boolean;
}

const duplicate = 11_000;

/** Collections in memory: what the timeline asks of MongoDB, `_id` and (conv, seq) being unique. */
export class Collections {
  readonly #tables = new Map<string, Table>();

  run(name: string, command: Row): Row {
    if (!['insert', 'find', 'update', 'count'].includes(name)) return {};
    const table = this.#table(command[name] as string);
    if (name === 'insert') return insert(table, command.documents as Row[]);
    if (name === 'update') return update(table, command.updates as Update[]);
    if (name === 'count') return { n: table.byId.size };
    const firstBatch = find(table, (command.filter ?? {}) as Row, command as FindOptions);
    return { cursor: { id: 0n, ns: `petrel.${command.find}`, firstBatch } };
  }

  #table(name: string): Table {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = { byId: new Map(), byConv: new Map() };
    this.#tables.set(name, table);
    return table;
  }
}

/** In order, up to the first that is there already. */
function insert(table: Table, rows: readonly Row[]): Row {
  for (const [index, row] of rows.entries()) {
    const seqs = table.byConv.get(row.conv);
    const isTaken = row.seq !== undefined && seqs?.[Number(row.seq) - 1] !== undefined;
    if (table.byId.has(row._id) || isTaken)
      return { n: index, writeErrors: [{ index, code: duplicate, errmsg: 'E11000 duplicate key' }] };
    keep(table, row);
  }
  return { n: rows.length };
}

function keep({ byId, byConv }: Table, row: Row): void {
  byId.set(row._id, row);
  if (row.seq === undefined) return;
  const seqs = byConv.get(row.conv);
  if (seqs === undefined) byConv.set(row.conv, [row]);
  else seqs[Number(row.seq) - 1] = row;
}

interface FindOptions {
  readonly sort?: Readonly<Record<string, number>>;
  readonly limit?: number;
}

function find(table: Table, filter: Row, { sort = {}, limit = 0 }: FindOptions): Row[] {
  const [field, direction] = Object.entries(sort)[0] ?? [];
  const seqs = table.byConv.get(filter.conv);
  // The newest of a conversation is asked for all the time.
  if (seqs !== undefined && direction === -1 && limit === 1 && filter.seq === undefined)
    return seqs.slice(-1);
  const found = candidates(table, filter, seqs).filter((row) => fits(row, filter));
  if (field !== undefined)
    found.sort((a, b) => direction! * ((a[field] as number) < (b[field] as number) ? -1 : 1));
  return limit > 0 ? found.slice(0, limit) : found;
}

function candidates({ byId }: Table, { _id, seq }: Row, seqs: readonly Row[] | undefined): readonly Row[] {
  const ids = typeof _id === 'string' ? [_id] : ((_id as { $in?: string[] })?.$in ?? undefined);
  if (ids !== undefined) return ids.map((id) => byId.get(id)).filter((row) => row !== undefined);
  const after = (seq as { $gt?: number } | undefined)?.$gt ?? 0;
  return seqs?.slice(after) ?? [...byId.values()];
}

function fits(row: Row, filter: Row): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    if (name === '$or') return (wanted as Row[]).some((one) => fits(row, one));
    if (typeof wanted !== 'object' || wanted === null) return row[name] === wanted;
    const value = row[name] as number;
    return Object.entries(wanted as Record<string, never>).every(([operator, to]) => {
      if (operator === '$in') return (to as unknown[]).includes(value);
      if (operator === '$gt') return value > to;
      if (operator === '$gte') return value >= to;
      if (operator === '$lt') return value < to;
      if (operator === '$lte') return value <= to;
      throw new Error(`unknown operator ${operator}`);
    });
  });
}

function update(table: Table, updates: readonly Update[]): Row {
  let n = 0;
  for (const { q, u, upsert } of updates) {
    const [found] = find(table, q, { limit: 1 });
    if (found === undefined && !upsert) continue;
    n++;
    const row = found ?? { ...q, ...u.$setOnInsert };
    Object.assign(row, u.$set);
    for (const [name, value] of Object.entries(u.$max ?? {}))
      if (!((row[name] as number) >= (value as number))) row[name] = value;
    for (const [name, value] of Object.entries(u.$inc ?? {}))
      row[name] = ((row[name] as number) ?? 0) + (value as number);
    for (const [name, value] of Object.entries(u.$push ?? {}))
      row[name] = [...((row[name] as unknown[]) ?? []), value];
    if (found === undefined) keep(table, row);
  }
  return { n, nModified: n };
}
