import 'fake-indexeddb/auto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDBFactory } from 'fake-indexeddb';
import { fileStorage } from '../../../sdk/storage/file.ts';
import { indexedDbStorage } from '../../../sdk/storage/indexeddb.ts';
import { memoryStorage } from '../../../sdk/storage/memory.ts';
import { storageConformance } from './storage.conformance.ts';

const nothing = async (): Promise<void> => {};

storageConformance('memoryStorage', async () => ({ open: memoryStorage, remove: nothing }), {
  isShared: false,
  lasts: false,
});

storageConformance(
  'indexedDbStorage',
  async () => {
    const factory = new IDBFactory();
    return { open: () => indexedDbStorage({ name: 'test', factory }), remove: nothing };
  },
  { isShared: true, lasts: true },
);

storageConformance(
  'indexedDbStorage without a database',
  async () => ({ open: () => indexedDbStorage({ name: 'test', factory: refusing }), remove: nothing }),
  { isShared: false, lasts: false },
);

storageConformance(
  'fileStorage',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'petrel-storage-'));
    return {
      open: () => fileStorage({ path: join(folder, 'client.data') }),
      remove: () => rm(folder, { recursive: true }),
    };
  },
  { isShared: false, lasts: true },
);

/** As where the user allows a site to keep nothing. */
const refusing = {
  open: () => {
    throw new DOMException('No.', 'SecurityError');
  },
} as unknown as InstanceType<typeof IDBFactory>;
