import { groupConv } from '../../schemas/event.ts';
import type { Bus } from '../../store/bus.ts';
import { type TopicBytes, topicBytes } from './event.ts';
import type { Session } from './session.ts';

/** A user with connected sessions on this node. */
export interface UserNode {
  readonly uid: string;
  readonly sessions: Session[];
  /** Connections that are about to attach a session. */
  claims: number;
  /** gid → first seq the user may see. */
  readonly groups: Map<string, number>;
  readonly inboxTopic: TopicBytes;
  /** Settles when what is published about the user and its groups comes here, and `groups` is loaded. */
  loaded: Promise<void>;
  /** Groups whose membership changed while the list was being read: the change is newer than the list. */
  changed: Set<string> | undefined;
  /** What is published about the user comes here. */
  heard: boolean;
}

/** A group with members who are connected here. */
export interface GroupNode {
  readonly gid: string;
  readonly topic: TopicBytes;
  /** Connected sessions of members. */
  readonly sessions: Set<Session>;
  /** Members among the users of this node. */
  members: number;
  /** What is published about the group comes here; until then `listening` settles when it does. */
  heard: boolean;
  listening: Promise<void> | undefined;
}

export interface AudienceOptions {
  readonly bus: Pick<Bus, 'listen' | 'leave'>;
  readonly groupsOf: (uid: string) => Promise<readonly { readonly gid: string; readonly since: number }[]>;
}

/**
 * Who is connected here, and the groups they are in; the node listens to these users and groups and no others. It holds
 * local online members only; a group's size costs nothing here.
 */
export class Audience {
  readonly users = new Map<string, UserNode>();
  readonly groups = new Map<string, GroupNode>();
  readonly #options: AudienceOptions;

  constructor(options: AudienceOptions) {
    this.#options = options;
  }

  /** The user's node for a session to come; its groups are known when `loaded` settles. `attach` or `release` must follow. */
  claim(uid: string): UserNode {
    const known = this.users.get(uid);
    if (known !== undefined) {
      known.claims++;
      return known;
    }
    const user: UserNode = {
      uid,
      sessions: [],
      claims: 1,
      groups: new Map(),
      inboxTopic: topicBytes(`u/${uid}`),
      loaded: Promise.resolve(),
      changed: undefined,
      heard: false,
    };
    this.users.set(uid, user);
    user.loaded = this.#load(user);
    return user;
  }

  async #load(user: UserNode): Promise<void> {
    try {
      await this.#options.bus.listen(`u:${user.uid}`);
      user.heard = true;
      if (this.isHere(user)) await this.refresh(user);
      else this.#forget(user);
    } catch (error) {
      // The next connection reads them again.
      this.#forget(user);
      throw error;
    }
  }

  /** Gives a claim up. */
  release(user: UserNode): void {
    user.claims--;
    this.#drop(user);
  }

  isHere(user: UserNode): boolean {
    return this.users.get(user.uid) === user;
  }

  attach(user: UserNode, session: Session): void {
    user.claims--;
    user.sessions.push(session);
    for (const gid of user.groups.keys()) this.groups.get(gid)?.sessions.add(session);
  }

  detach(user: UserNode, session: Session): void {
    const at = user.sessions.indexOf(session);
    if (at !== -1) user.sessions.splice(at, 1);
    for (const gid of user.groups.keys()) this.groups.get(gid)?.sessions.delete(session);
    this.#drop(user);
  }

  #drop(user: UserNode): void {
    if (user.sessions.length === 0 && user.claims === 0 && this.isHere(user)) this.#forget(user);
  }

  #forget(user: UserNode): void {
    if (this.isHere(user)) this.users.delete(user.uid);
    for (const gid of user.groups.keys()) this.#letGo(gid);
    user.groups.clear();
    if (user.heard) this.#options.bus.leave(`u:${user.uid}`);
    user.heard = false;
  }

  /** Reads the user's groups (again). What is published about each of them comes here when this resolves. */
  async refresh(user: UserNode): Promise<void> {
    const changed = new Set<string>();
    user.changed = changed;
    try {
      const places = await this.#options.groupsOf(user.uid);
      if (!this.isHere(user)) return;
      const gone = new Set(user.groups.keys());
      for (const { gid, since } of places) {
        gone.delete(gid);
        if (!changed.has(gid)) this.join(user, gid, since);
      }
      for (const gid of gone) if (!changed.has(gid)) this.leave(user, gid);
    } finally {
      user.changed = undefined;
    }
    await Promise.all([...user.groups.keys()].map((gid) => this.listening(gid)));
  }

  /** Answers whether the user was not in the group before. */
  join(user: UserNode, gid: string, since: number): boolean {
    const isNew = !user.groups.has(gid);
    user.groups.set(gid, since);
    if (isNew) {
      const group = this.#group(gid);
      group.members++;
      for (const session of user.sessions) group.sessions.add(session);
    }
    return isNew;
  }

  leave(user: UserNode, gid: string): void {
    if (!user.groups.delete(gid)) return;
    const group = this.groups.get(gid);
    for (const session of user.sessions) {
      session.leaveGroup(groupConv(gid));
      group?.sessions.delete(session);
    }
    this.#letGo(gid);
  }

  #group(gid: string): GroupNode {
    const known = this.groups.get(gid);
    if (known !== undefined) return known;
    const group: GroupNode = {
      gid,
      topic: topicBytes(`g/${gid}`),
      sessions: new Set(),
      members: 0,
      heard: false,
      listening: undefined,
    };
    this.groups.set(gid, group);
    this.#listen(group);
    return group;
  }

  #letGo(gid: string): void {
    const group = this.groups.get(gid);
    if (group === undefined) return;
    group.members--;
    if (group.members > 0) return;
    this.groups.delete(gid);
    if (group.heard) this.#options.bus.leave(`g:${gid}`);
  }

  /** Resolves when what is published about the group comes here; undefined where it does. Tries again what has failed. */
  listening(gid: string): Promise<void> | undefined {
    const group = this.groups.get(gid);
    if (group === undefined || group.heard) return undefined;
    if (group.listening === undefined) this.#listen(group);
    return group.listening;
  }

  #listen(group: GroupNode): void {
    const { bus } = this.#options;
    const { gid } = group;
    group.listening = bus.listen(`g:${gid}`).then(
      () => {
        group.listening = undefined;
        group.heard = true;
        if (this.groups.get(gid) !== group) bus.leave(`g:${gid}`);
      },
      (error: unknown) => {
        group.listening = undefined;
        throw error;
      },
    );
    // Whoever needs it waits for it.
    group.listening.catch(() => {});
  }
}
