import type { Change, Key, Range, Table } from '../storage.ts';
import { SortedTable } from './sorted.ts';

/** All there are. */
export const tables: readonly Table[] = ['session', 'outbox', 'events', 'conversations', 'profiles', 'meta'];

/** Every table in memory: what memoryStorage is, and what fileStorage reads from. */
export class Tables {
  readonly #tables = new Map<Table, SortedTable>(tables.map((name) => [name, new SortedTable()]));

  get(table: Table, key: Key): unknown {
    return this.#of(table).get(key);
  }

  range(table: Table, range?: Range): unknown[] {
    return Array.from(this.#of(table).items(range), ([, value]) => value);
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const table = this.#of(change.table);
      if ('value' in change) table.set(change.key, change.value);
      else if ('key' in change) table.delete(change.key);
      else table.deleteRange(change.from, change.to);
    }
  }

  clear(): void {
    for (const table of this.#tables.values()) table.clear();
  }

  /** How many values there are. */
  get size(): number {
    let size = 0;
    for (const table of this.#tables.values()) size += table.size;
    return size;
  }

  /** All there is, as changes that make it. */
  *everything(): Generator<Change> {
    for (const [name, table] of this.#tables)
      for (const [key, value] of table.items()) yield { table: name, key, value };
  }

  #of(name: Table): SortedTable {
    return this.#tables.get(name)!;
  }
}
