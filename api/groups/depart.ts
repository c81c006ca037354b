import type { Services } from '../services.ts';
import { groupEvent } from './events.ts';

type Departing = Pick<Services, 'directory' | 'groupEvents' | 'clock'>;

const batch = 100;

/**
 * Takes a user out of a group, whatever they are in it. An owner's group goes to the admin who came first, else to the
 * member who did; who is alone takes it along. One transaction with the events it owes; nothing where they are no member.
 */
export async function depart(
  { directory, groupEvents, clock }: Departing,
  gid: string,
  uid: string,
): Promise<void> {
  await directory.changeGroup(gid, async (change) => {
    const member = change.group && (await change.member(uid));
    if (member === undefined) return;
    if (member.role === 'owner') {
      const heir = await change.successor();
      if (heir === undefined) {
        await change.dissolve(clock());
        await change.owe(groupEvent('group', uid, { action: 'dissolved' }));
        return;
      }
      await change.transfer(heir);
      await change.owe(groupEvent('group', uid, { action: 'owner', uid: heir, by: uid }));
    }
    await change.remove(uid);
    await change.owe(groupEvent('member', uid, { action: 'left', uids: [uid], by: uid }));
  });
  await groupEvents.settle(gid);
}

/**
 * Takes a user out of all groups, and takes back what they asked to join. A group at a time: after a crash it is called
 * again and goes on where it was.
 */
export async function departEverywhere(services: Departing, uid: string): Promise<void> {
  const { directory } = services;
  await directory.dropRequestsOf(uid);
  for (let after = ''; ; ) {
    const found = await directory.listGroups(uid, after, batch);
    for (const { group } of found) await depart(services, group.gid, uid);
    if (found.length < batch) return;
    after = found.at(-1)!.group.gid;
  }
}
