import type { CustomStore } from '../custom.ts';
import type { CustomTransfer } from '../transfer.ts';

/** One process' custom topics as they move. */
export const customTransfer = (custom: CustomStore): CustomTransfer => ({
  retained: () => custom.retained(),
  async loadRetained(messages) {
    for (const message of messages) custom.retain(message);
    await custom.written();
  },
  wills: () => custom.wills(),
  async loadWills(messages) {
    for (const message of messages) custom.will(message);
    await custom.written();
  },
  entries: () => custom.entries(),
  async loadEntries(entries) {
    for (const { received, ...entry } of entries) {
      const id = custom.add(entry);
      if (received) custom.received(id);
    }
    await custom.written();
  },
  async clearEntries() {
    for await (const { id } of custom.entries()) custom.remove(id);
    await custom.written();
  },
});
