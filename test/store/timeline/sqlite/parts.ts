import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredEvent } from '../../../../schemas/event.ts';
import { type Batch, Committer } from '../../../../store/timeline/sqlite/committer.ts';
import { Conversations } from '../../../../store/timeline/sqlite/conversations.ts';
import {
  blockOf,
  decodeEvents,
  encodeMoves,
  encodeSubmissions,
} from '../../../../store/timeline/sqlite/entry.ts';
import { KeyFilter } from '../../../../store/timeline/sqlite/filter.ts';
import { Flusher } from '../../../../store/timeline/sqlite/flusher.ts';
import { KeyHash } from '../../../../store/timeline/sqlite/hash.ts';
import { Indexer } from '../../../../store/timeline/sqlite/indexer.ts';
import { type Disk, Journal, realDisk } from '../../../../store/timeline/sqlite/journal.ts';
import type { Generation } from '../../../../store/timeline/sqlite/memtable.ts';
import { defaultLimits } from '../../../../store/timeline/sqlite/messages.ts';
import { Tables } from '../../../../store/timeline/sqlite/reader.ts';
import { Reads } from '../../../../store/timeline/sqlite/reads.ts';
import { Repeats } from '../../../../store/timeline/sqlite/repeats.ts';
import type { CursorMove, Submission } from '../../../../store/timeline.ts';

/** How the parts are to differ from those of the threads. */
export interface Differences {
  readonly disk?: Disk;
  readonly hash?: KeyHash['of'];
  readonly filterBits?: number;
  readonly keptConversations?: number;
}

/** The embedded timeline without its threads, for tests that reach into it. */
export class Parts {
  readonly dir: string;
  readonly indexer: Indexer;
  readonly tables: Tables;
  readonly journal: Journal;
  readonly conversations: Conversations;
  readonly generations: Generation[] = [];
  readonly reads: Reads;
  readonly filter: KeyFilter;
  readonly committer: Committer;
  readonly flusher: Flusher;
  readonly warnings: string[] = [];

  constructor(dir: string, { disk = realDisk, hash, filterBits, keptConversations }: Differences = {}) {
    this.dir = dir;
    this.indexer = new Indexer(dir);
    this.tables = new Tables(dir);
    this.journal = new Journal(dir, this.indexer.generation, disk);
    this.conversations = new Conversations(this.tables, keptConversations);
    this.filter = new KeyFilter(filterBits);
    const { conversations, tables, journal, generations, filter } = this;
    this.reads = new Reads(conversations, tables, generations);
    const keyHash = new KeyHash(tables.secret());
    if (hash) keyHash.of = hash;
    this.committer = new Committer({
      conversations,
      reads: this.reads,
      repeats: new Repeats({ conversations, tables, filter, generations }),
      journal,
      hash: keyHash,
      generations,
    });
    this.flusher = new Flusher({
      journal,
      conversations,
      generations,
      index: async ({ path, generation, length }) => this.indexer.index(path, generation, length),
      limits: { ...defaultLimits, flushMs: 3_600_000 },
      warn: (message) => this.warnings.push(message),
    });
  }

  append(...submissions: Submission[]): { seq: number; repeat: boolean }[] {
    const [numbers] = this.committer.commit([batchOf('append', encodeSubmissions(submissions))]);
    return submissions.map((_, i) => ({ seq: numbers![i * 4]!, repeat: numbers![i * 4 + 3] === 1 }));
  }

  move(...moves: CursorMove[]): void {
    this.committer.commit([batchOf('moveCursors', encodeMoves(moves))]);
  }

  read(conv: string): StoredEvent[] {
    return decodeEvents(conv, this.reads.range({ conv, after: 0, limit: 1000 }));
  }

  async close(): Promise<void> {
    await this.flusher.close();
    this.tables.close();
    this.indexer.close();
  }
}

const batchOf = (kind: Batch['kind'], bytes: Uint8Array): Batch => ({ kind, block: blockOf(bytes) });

/** Runs a test on a folder of its own. */
export async function withDirectory(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-timeline-'));
  try {
    await use(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}
