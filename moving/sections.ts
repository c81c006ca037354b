import type { SessionStore } from '../store/sessions.ts';
import type { Timeline } from '../store/timeline.ts';
import type { CustomTransfer, DirectoryTransfer, TimelineTransfer } from '../store/transfer.ts';
import type { Section } from './section.ts';
import { queuedSection, retainedSection, willsSection } from './sections/custom.ts';
import { tableSection } from './sections/directory.ts';
import { sessionsSection } from './sections/sessions.ts';
import { cursorsSection, eventsSection } from './sections/timeline.ts';

/** A store that can be moved: the parts of it that a server opens. */
export interface MovableStore {
  readonly timeline: Timeline & TimelineTransfer;
  readonly directory: DirectoryTransfer;
  readonly sessions: SessionStore;
  readonly custom: CustomTransfer;
}

/** All that a store has, in the order in which it is moved: a cursor comes after the events that it is about. */
export const sectionsOf = ({ timeline, directory, sessions, custom }: MovableStore): readonly Section[] => [
  ...Object.keys(directory.tables)
    .sort()
    .map((table) => tableSection(directory, table)),
  eventsSection(timeline),
  cursorsSection(timeline),
  // With their subscriptions before what is queued by these.
  sessionsSection(sessions, custom),
  retainedSection(custom),
  willsSection(custom),
  queuedSection(custom),
];
