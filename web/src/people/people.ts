import type { Operations } from '../../../sdk/operations.ts';
import { type Signal, State } from '../../../sdk/signal.ts';
import type { Client, Notice } from '../../../sdk/types.ts';
import { allPages } from '../remote/pages.ts';
import { Resource } from '../remote/resource.ts';

export type Friend = Operations['friends.list']['output']['items'][number];
export type FriendRequest = Operations['friends.requests']['output']['items'][number];
export type Block = Operations['blocks.list']['output']['items'][number];

/** Somebody has named the user in an invitation. The server tells it once; here it stays until it is used or the page closes. */
export interface Invitation {
  readonly gid: string;
  readonly code: string;
  readonly by: string;
  readonly expiresAt: number;
}

/** Friends, requests and blocks of who is signed in, kept current by notices. */
export class People {
  readonly friends: Resource<readonly Friend[]>;
  readonly incoming: Resource<readonly FriendRequest[]>;
  readonly outgoing: Resource<readonly FriendRequest[]>;
  readonly blocks: Resource<readonly Block[]>;
  readonly #client: Client;
  readonly #byUid = new State<ReadonlyMap<string, Friend>>(new Map());
  readonly #remarks = new State<ReadonlyMap<string, string>>(new Map());
  readonly #invitations = new State<readonly Invitation[]>([]);

  constructor(client: Client) {
    this.#client = client;
    this.friends = new Resource(() => allPages((page) => client.request('friends.list', page)));
    this.incoming = new Resource(() => pendingRequests(client, 'in'));
    this.outgoing = new Resource(() => pendingRequests(client, 'out'));
    this.blocks = new Resource(() => allPages((page) => client.request('blocks.list', page)));
    this.friends.state.subscribe(({ value }) => {
      if (value === undefined) return;
      this.#byUid.set(new Map(value.map((friend) => [friend.uid, friend])));
      const remarks = value.flatMap(({ uid, remark }) => (remark ? [[uid, remark] as const] : []));
      if (!isSame(remarks, this.#remarks.value)) this.#remarks.set(new Map(remarks));
    });
  }

  get byUid(): Signal<ReadonlyMap<string, Friend>> {
    return this.#byUid;
  }

  /** What the user calls friends, by uid. */
  get remarks(): Signal<ReadonlyMap<string, string>> {
    return this.#remarks;
  }

  get invitations(): Signal<readonly Invitation[]> {
    return this.#invitations;
  }

  /** Keeps current what was asked for, until the function that it returns is called. */
  watch(): () => void {
    this.friends.ensure();
    this.incoming.ensure();
    const ends = [
      this.#client.on('notice', (notice) => this.#notice(notice)),
      // What was told while nobody was connected is lost.
      this.#client.status.subscribe((status) => {
        if (status === 'online') this.#renew();
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  /** Takes an invitation away that was used, or that holds no longer. */
  dropInvitation(code: string): void {
    this.#invitations.set(this.#invitations.value.filter((one) => one.code !== code));
  }

  #renew(): void {
    for (const one of [this.friends, this.incoming, this.outgoing, this.blocks]) void one.renew();
  }

  #notice(notice: Notice): void {
    if (notice.type === 'friend') {
      if (notice.action !== 'request') void this.friends.renew();
      if (notice.action === 'remark') return;
      void this.incoming.renew();
      void this.outgoing.renew();
    }
    if (notice.type === 'group') this.#groupNotice(notice);
  }

  #groupNotice({ action, gid, code, by, expiresAt }: Notice): void {
    const others = this.#invitations.value.filter((one) => one.gid !== gid);
    if (action === 'added') this.#invitations.set(others);
    if (action !== 'invited') return;
    if (typeof gid !== 'string' || typeof code !== 'string' || typeof by !== 'string') return;
    this.#invitations.set([{ gid, code, by, expiresAt: Number(expiresAt) }, ...others]);
  }
}

const isSame = (entries: readonly (readonly [string, string])[], map: ReadonlyMap<string, string>): boolean =>
  entries.length === map.size && entries.every(([key, value]) => map.get(key) === value);

const pendingRequests = (client: Client, direction: 'in' | 'out') =>
  allPages((page) => client.request('friends.requests', { direction, state: 'pending', ...page }), 1000);
