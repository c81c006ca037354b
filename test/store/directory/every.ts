import { type DirectoryFixture, directoryConformance } from './conformance.ts';
import { conversationsConformance } from './conversations.conformance.ts';
import { devicesConformance } from './devices.conformance.ts';
import { friendsConformance } from './friends.conformance.ts';
import { groupsConformance } from './groups.conformance.ts';
import { marksConformance } from './marks.conformance.ts';
import { operatorsConformance } from './operators.conformance.ts';
import { usersConformance } from './users.conformance.ts';

/** All that is promised of a directory, for every implementation. */
export function everyConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  directoryConformance(name, open);
  conversationsConformance(name, open);
  devicesConformance(name, open);
  friendsConformance(name, open);
  groupsConformance(name, open);
  marksConformance(name, open);
  operatorsConformance(name, open);
  usersConformance(name, open);
}
