import { PetrelError } from '../../schemas/errors.ts';
import type { Timeline } from '../../store/timeline.ts';

/** A timeline whose every append fails with `store.unavailable` while `isFailing` says so. */
export const failing = (timeline: Timeline, isFailing: () => boolean): Timeline => ({
  append: (batch) =>
    isFailing() ? Promise.reject(new PetrelError('store.unavailable')) : timeline.append(batch),
  range: (range) => timeline.range(range),
  events: (places) => timeline.events(places),
  changes: (conv, from, to, after) => timeline.changes(conv, from, to, after),
  heads: (convs) => timeline.heads(convs),
  directs: (uid) => timeline.directs(uid),
  moveCursors: (moves) => timeline.moveCursors(moves),
  cursors: (keys) => timeline.cursors(keys),
  cursorsOf: (conv, afterUid, limit) => timeline.cursorsOf(conv, afterUid, limit),
  check: () => timeline.check(),
  close: () => timeline.close(),
});
