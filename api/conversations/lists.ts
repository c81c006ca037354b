import { type ConvId, groupConv, type Head, parseConv } from '../../schemas/event.ts';
import type { Bus, BusMessage } from '../../store/bus.ts';
import type { Directory } from '../../store/directory.ts';
import type { Timeline } from '../../store/timeline.ts';
import { Listening } from './listening.ts';
import { Moves, type SharedHead } from './recency.ts';
import { type Entry, UserList } from './user-list.ts';

export interface ListsOptions {
  readonly timeline: Pick<Timeline, 'directs' | 'heads'>;
  readonly directory: Pick<Directory, 'groupsOf' | 'settings' | 'settingsOf'>;
  /** Where there are more nodes: lists listen to what they are about, and after a loss all are read anew. */
  readonly bus?: Pick<Bus, 'listen' | 'leave' | 'onLoss'>;
  /** How many conversations of users to keep in memory before the lists not asked for longest are forgotten. */
  readonly maxEntries?: number;
}

const maxEntriesDefault = 300_000;
/** A list costs this much beside its entries, in entries. */
const overhead = 8;

const none: Head = { seq: 0, n: 0, ts: 0 };

/** Heads that moved while others were being read. */
type Meanwhile = Map<ConvId, Head>;
type Place = Pick<Entry, 'conv' | 'since' | 'sinceN'>;

/**
 * The conversations of users who ask for them, in memory: read once, then kept up with by what happens. An event costs
 * one look-up, however many lists its conversation is in; sorting waits until somebody asks.
 *
 * Guarantee: what `of` answers holds every event, membership and setting that was told (`onEvent`, `onBus`) before the
 * call. Where something may have been missed, `clear` makes it read all anew.
 */
export class ConversationLists {
  readonly #timeline: ListsOptions['timeline'];
  readonly #directory: ListsOptions['directory'];
  readonly #maxEntries: number;
  /** By uid, those not asked for longest first. */
  readonly #lists = new Map<string, UserList>();
  readonly #heads = new Map<ConvId, SharedHead>();
  readonly #moves = new Moves();
  readonly #building = new Map<string, { readonly list: UserList; readonly built: Promise<UserList> }>();
  /** Lists whose groups are being read: a change meanwhile makes them stale again. */
  readonly #unsettled = new Set<UserList>();
  readonly #reads = new Set<Meanwhile>();
  readonly #bus: ListsOptions['bus'];
  #entries = 0;

  constructor({ timeline, directory, bus, maxEntries = maxEntriesDefault }: ListsOptions) {
    this.#timeline = timeline;
    this.#directory = directory;
    this.#bus = bus;
    this.#maxEntries = maxEntries;
    bus?.onLoss(() => this.clear());
  }

  /** The user's list as it is now. Rejects with `store.unavailable` where it cannot be read. */
  async of(uid: string): Promise<UserList> {
    for (;;) {
      const known = this.#lists.get(uid);
      if (known === undefined) {
        const built = await this.#build(uid);
        if (this.#lists.get(uid) === built) continue;
        built.catchUp(this.#moves);
        return built;
      }
      this.#lists.delete(uid);
      this.#lists.set(uid, known);
      // What is being read again may have begun before the last change.
      if (known.refreshing !== undefined) {
        await known.refreshing;
        continue;
      }
      known.catchUp(this.#moves);
      if (!known.stale) return known;
      await this.#refresh(known);
      if (this.#lists.get(uid) !== known) continue;
      known.catchUp(this.#moves);
      return known;
    }
  }

  /** A new event, in seq order of its conversation, or one that came before. */
  onEvent(event: Head & { readonly conv: ConvId }): void {
    for (const meanwhile of this.#reads)
      if (event.seq > (meanwhile.get(event.conv)?.seq ?? 0)) meanwhile.set(event.conv, event);
    const head = this.#heads.get(event.conv);
    if (head !== undefined) this.#advance(head, event);
    else if (event.seq === 1 && this.#lists.size > 0) this.#begun(event.conv, event);
  }

  onBus(message: BusMessage): void {
    if (message.type === 'membership') {
      for (const list of this.#listsOf(message.uid)) list.staleGroups = true;
    } else if (message.type === 'opened') this.#groupChanged(message.gid);
    else if (message.type === 'stale') {
      if (message.group !== undefined) this.#groupChanged(message.group);
    } else if (message.type === 'notice' && message.notice.type === 'conversation') {
      for (const list of this.#listsOf(message.uid)) list.staleSettings.add(message.notice.conv);
    }
  }

  /** Something may have been missed: every list is read anew when it is asked for. */
  clear(): void {
    this.#building.clear();
    this.#moves.clear();
    for (const list of [...this.#lists.values()]) this.#forget(list);
  }

  /** The user's list, and the one that is being built. */
  #listsOf(uid: string): UserList[] {
    return [this.#lists.get(uid), this.#building.get(uid)?.list].filter((list) => list !== undefined);
  }

  #groupChanged(gid: string): void {
    const head = this.#heads.get(groupConv(gid));
    if (head !== undefined) {
      head.changes++;
      this.#moves.push(head);
    }
    for (const list of this.#unsettled) list.staleGroups = true;
  }

  /** The first event of a direct conversation: it is new in the lists of both. Groups come by membership. */
  #begun(id: ConvId, head: Head): void {
    const conv = parseConv(id);
    if (conv?.kind !== 'direct') return;
    for (const uid of new Set([conv.a, conv.b])) {
      const list = this.#lists.get(uid);
      if (list !== undefined) this.#add(list, { conv, since: 1, sinceN: 0 }, head);
    }
    this.#shrink();
  }

  #build(uid: string): Promise<UserList> {
    const building = this.#building.get(uid);
    // One that began before a change would not do for who asks after it.
    if (building !== undefined && !building.list.stale) return building.built;
    const list = new UserList(uid, this.#bus && new Listening(this.#bus));
    const built = this.#fill(list).finally(() => {
      if (this.#building.get(uid)?.list === list) this.#building.delete(uid);
      if (this.#lists.get(uid) !== list) list.listening?.end();
    });
    this.#building.set(uid, { list, built });
    return built;
  }

  async #fill(list: UserList): Promise<UserList> {
    const { uid } = list;
    await this.#reading(list, async (meanwhile) => {
      await list.listening?.listen([`u:${uid}`]);
      const [directs, settings, groups] = await Promise.all([
        this.#timeline.directs(uid),
        this.#directory.settingsOf(uid),
        this.#readGroups(list),
      ]);
      for (const one of settings) list.setSettings(one.conv, one);
      for (const { conv, head } of directs)
        this.#add(list, { conv: parseConv(conv)!, since: 1, sinceN: 0 }, head, meanwhile);
      for (const { place, head } of groups) this.#add(list, place, head, meanwhile);
      for (const [id, head] of meanwhile) {
        const conv = list.has(id) ? undefined : parseConv(id);
        if (conv?.kind === 'direct' && (conv.a === uid || conv.b === uid))
          this.#add(list, { conv, since: 1, sinceN: 0 }, head, meanwhile);
      }
      // In the same turn: from here on events find the list itself, or nobody is given it any more.
      if (this.#building.get(uid)?.list === list) {
        this.#building.delete(uid);
        this.#lists.set(uid, list);
        this.#entries += overhead;
        this.#shrink();
      } else this.#releaseAll(list);
    });
    return list;
  }

  async #readGroups({ uid, listening }: UserList): Promise<{ place: Place; head: Head }[]> {
    let groups = await this.#directory.groupsOf(uid);
    // What happened to a group between the read and the listening is in the next read.
    while (await listening?.listen(groups.map(({ gid }) => `g:${gid}` as const)))
      groups = await this.#directory.groupsOf(uid);
    const heads = await this.#timeline.heads(groups.map(({ gid }) => groupConv(gid)));
    return groups.map(({ gid, since, sinceN }, i) => ({
      place: { conv: { kind: 'group', id: groupConv(gid), gid }, since, sinceN },
      head: heads[i] ?? none,
    }));
  }

  #refresh(list: UserList): Promise<void> {
    const settings = [...list.staleSettings];
    const groupsToo = list.staleGroups;
    list.staleGroups = false;
    list.staleSettings.clear();
    list.refreshing = Promise.all([
      groupsToo && this.#refreshGroups(list),
      ...settings.map(async (conv) => list.setSettings(conv, await this.#directory.settings(list.uid, conv))),
    ])
      .then(
        () => undefined,
        (error: unknown) => {
          this.#forget(list);
          throw error;
        },
      )
      .finally(() => {
        list.refreshing = undefined;
      });
    return list.refreshing;
  }

  async #refreshGroups(list: UserList): Promise<void> {
    await this.#reading(list, async (meanwhile) => {
      const groups = await this.#readGroups(list);
      if (this.#lists.get(list.uid) !== list) return;
      const now = new Set(groups.map(({ place }) => place.conv.id));
      for (const { place, head } of groups) this.#add(list, place, head, meanwhile);
      for (const entry of [...list.entries()])
        if (entry.conv.kind === 'group' && !now.has(entry.conv.id)) this.#remove(list, entry, entry.conv.gid);
    });
  }

  /** Runs a read of the list's heads and groups; `meanwhile` is what happens until it ends. */
  async #reading(list: UserList, read: (meanwhile: Meanwhile) => Promise<void>): Promise<void> {
    const meanwhile: Meanwhile = new Map();
    this.#reads.add(meanwhile);
    this.#unsettled.add(list);
    try {
      await read(meanwhile);
    } finally {
      this.#reads.delete(meanwhile);
      this.#unsettled.delete(list);
    }
  }

  #add(list: UserList, place: Place, read: Head, meanwhile?: Meanwhile): void {
    const { id } = place.conv;
    let head = this.#heads.get(id);
    if (head === undefined) {
      head = { conv: id, ...none, lists: 0, changes: 0 };
      this.#heads.set(id, head);
    }
    this.#advance(head, read);
    this.#advance(head, meanwhile?.get(id) ?? none);
    if (!list.has(id)) {
      head.lists++;
      this.#entries++;
    }
    list.put({ ...place, head, sortedTs: head.ts, changes: head.changes });
  }

  #remove(list: UserList, { conv, head }: Entry, gid: string): void {
    list.remove(conv.id);
    list.listening?.leave(`g:${gid}`);
    this.#release(conv.id, head);
  }

  #release(conv: ConvId, head: SharedHead): void {
    head.lists--;
    this.#entries--;
    if (head.lists === 0) this.#heads.delete(conv);
  }

  #forget(list: UserList): void {
    if (this.#lists.get(list.uid) !== list) return;
    this.#lists.delete(list.uid);
    this.#entries -= overhead;
    list.listening?.end();
    this.#releaseAll(list);
  }

  #releaseAll(list: UserList): void {
    for (const { conv, head } of list.entries()) this.#release(conv.id, head);
  }

  #advance(head: SharedHead, { seq, n, ts }: Head): void {
    if (seq <= head.seq) return;
    head.seq = seq;
    head.n = n;
    head.ts = ts;
    this.#moves.push(head);
  }

  #shrink(): void {
    for (const list of this.#lists.values()) {
      if (this.#entries <= this.#maxEntries) return;
      this.#forget(list);
    }
  }
}
