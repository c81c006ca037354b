import { PetrelError } from '../../schemas/errors.ts';
import { type Identity, reservedUids } from '../../schemas/identity.ts';
import type { GroupChange } from '../../store/directory.ts';
import { missingUser } from '../operations/existing.ts';
import type { Services } from '../services.ts';
import { standingAt, standingIn } from './actor.ts';
import { groupEvent } from './events.ts';

/** An event names so many at most; many more come in steps, so that what else wants the directory waits for one at most. */
export const maxUidsInEvent = 500;

type Adding = Pick<Services, 'directory' | 'groupEvents' | 'maxGroupMembers' | 'clock'>;

export interface Added {
  readonly added: string[];
  readonly memberCount: number;
}

async function requireUsers(change: GroupChange, uids: readonly string[]): Promise<void> {
  const missing = uids.find((uid) => reservedUids.has(uid)) ?? (await change.missing(uids));
  if (missing !== undefined) throw new PetrelError('user.not-found', `There is no user ${missing}.`);
}

/** Adds users inside a group's transaction, and owes the event. Throws `user.not-found` and `group.full`. */
export async function admit(
  { maxGroupMembers, clock }: Pick<Services, 'maxGroupMembers' | 'clock'>,
  change: GroupChange,
  uids: readonly string[],
  action: 'added' | 'joined',
  by: string,
): Promise<Added> {
  await requireUsers(change, uids);
  const added = await change.add(uids, 'member', clock());
  const memberCount = change.group!.memberCount + added.length;
  if (added.length > 0) {
    if (memberCount > maxGroupMembers) throw new PetrelError('group.full');
    await change.owe(groupEvent('member', by, { action, uids: added, by }));
  }
  return { added, memberCount };
}

function* steps(uids: readonly string[]): Generator<string[]> {
  for (let from = 0; from < uids.length; from += maxUidsInEvent)
    yield uids.slice(from, from + maxUidsInEvent);
}

/** Whether many users may come: nothing is done where not. */
async function look(
  { directory, maxGroupMembers }: Adding,
  gid: string,
  identity: Identity,
  uids: readonly string[],
): Promise<void> {
  const { group } = await standingAt(directory, gid, identity, 'members.add');
  const missing = await missingUser(directory, uids);
  if (missing !== undefined) throw new PetrelError('user.not-found', `There is no user ${missing}.`);
  let room = maxGroupMembers - group.memberCount;
  if (uids.length <= room) return;
  for (const some of steps(uids)) {
    const strangers = await directory.changeGroup(gid, (change) => change.strangers(some));
    room -= strangers.length;
    if (strangers.length > 0 && room < 0) throw new PetrelError('group.full');
  }
}

/**
 * Adds any number of users. Whether all exist and there is room for all is looked at first; then they come in steps, each
 * with its event, and each all or nothing. Who calls again adds those that are missing.
 */
export async function addMembers(
  services: Adding,
  gid: string,
  identity: Identity,
  uids: readonly string[],
): Promise<Added> {
  const { directory, groupEvents } = services;
  const wanted = [...new Set(uids)];
  const step = async (change: GroupChange, some: readonly string[]): Promise<Added> => {
    const { actor } = await standingIn(change, identity, 'members.add');
    return admit(services, change, some, 'added', actor.uid);
  };
  if (wanted.length > maxUidsInEvent) await look(services, gid, identity, wanted);
  const added: string[] = [];
  let memberCount = 0;
  try {
    for (const some of steps(wanted)) {
      const answer = await directory.changeGroup(gid, (change) => step(change, some));
      added.push(...answer.added);
      ({ memberCount } = answer);
    }
  } finally {
    if (added.length > 0) await groupEvents.settle(gid);
  }
  return { added, memberCount };
}
