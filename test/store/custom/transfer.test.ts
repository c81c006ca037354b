import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteCustom } from '../../../store/custom/sqlite.ts';
import { customTransfer } from '../../../store/custom/transfer.ts';
import { customTransferConformance } from '../custom-transfer.conformance.ts';

customTransferConformance('SQLite', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-custom-transfer-'));
  const store = await openSqliteCustom({ dir });
  return {
    custom: customTransfer(store),
    remove: async () => {
      await store.close();
      await rm(dir, { recursive: true });
    },
  };
});
