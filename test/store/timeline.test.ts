import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteTimeline } from '../../store/timeline/sqlite/timeline.ts';
import { timelineConformance } from './timeline.conformance.ts';
import { transferConformance } from './transfer.conformance.ts';

timelineConformance('SQLite', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-timeline-'));
  const open = () => openSqliteTimeline({ dir });
  let timeline = await open();
  return {
    get timeline() {
      return timeline;
    },
    reopen: async () => {
      await timeline.close();
      timeline = await open();
      return timeline;
    },
    settle: () => timeline.flush(),
    remove: async () => {
      await timeline.close();
      await rm(dir, { recursive: true });
    },
  };
});

transferConformance('SQLite', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-timeline-'));
  const timeline = await openSqliteTimeline({ dir });
  const remove = async () => {
    await timeline.close();
    await rm(dir, { recursive: true });
  };
  return { timeline, remove };
});
