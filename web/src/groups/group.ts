import type { Operations } from '../../../sdk/operations.ts';
import type { Client, MessageList } from '../../../sdk/types.ts';
import { codeOf } from '../remote/code.ts';
import { allPages } from '../remote/pages.ts';
import { Resource } from '../remote/resource.ts';
import type { GroupInfo, Member } from './permissions.ts';

export type Invite = Operations['groups.invites.list']['output']['items'][number];
export type JoinRequest = Operations['groups.requests']['output']['items'][number];

/** Of larger groups the page shows the first ones. */
export const maxMembers = 10_000;

/** A group as its members see it, kept current by what its timeline tells. */
export class Group {
  readonly gid: string;
  readonly info: Resource<GroupInfo>;
  readonly members: Resource<readonly Member[]>;
  /** Those who ask to join; for managers. */
  readonly requests: Resource<readonly JoinRequest[]>;
  /** Invitations that hold; for managers. */
  readonly invites: Resource<readonly Invite[]>;
  readonly #client: Client;
  #watchers = 0;
  #end: (() => void) | undefined;

  constructor(client: Client, gid: string) {
    this.#client = client;
    this.gid = gid;
    this.info = new Resource(() => client.request('groups.get', { gid }));
    this.members = new Resource(() =>
      allPages((page) => client.request('groups.members.list', { gid, ...page }), maxMembers),
    );
    this.requests = new Resource(() =>
      allPages((page) => client.request('groups.requests', { gid, ...page })),
    );
    this.invites = new Resource(() =>
      allPages((page) => client.request('groups.invites.list', { gid, ...page })),
    );
  }

  /** Keeps current what was asked for, until the function that it returns is called. */
  watch(): () => void {
    this.#watchers += 1;
    this.#end ??= this.#follow();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      this.#end?.();
      this.#end = undefined;
    };
  }

  /** After a change of one's own: its event may be a while. */
  async renew(): Promise<void> {
    await this.info.renew();
    // Who is no member any more need not hear it four times.
    if (codeOf(this.info.state.value.error) === 'group.not-found') return;
    await Promise.all([this.members, this.requests, this.invites].map((one) => one.renew()));
  }

  #follow(): () => void {
    // It may have changed while nobody followed.
    void this.renew();
    this.info.ensure();
    const conversation = this.#client.conversation({ gid: this.gid });
    let last = lastChange(conversation.messages.value);
    const ends = [
      conversation.open(),
      conversation.messages.subscribe((list) => {
        const newest = lastChange(list);
        // What was there when the list came is no news.
        if (last !== undefined && newest !== undefined && newest > last) void this.renew();
        last = newest ?? last;
      }),
      this.#client.on('notice', ({ type, gid, action }) => {
        if (type !== 'group' || gid !== this.gid) return;
        if (action === 'request') void this.requests.renew();
        else void this.renew();
      }),
      this.#client.status.subscribe((status) => {
        if (status === 'online') void this.renew();
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }
}

/** The seq of the newest event that changes the group or its members; undefined until the list is there. */
function lastChange({ items, isLoaded }: MessageList): number | undefined {
  if (!isLoaded) return undefined;
  const found = items.findLast(
    ({ type, seq }) => seq !== undefined && (type === 'group' || type === 'member'),
  );
  return found?.seq ?? 0;
}
