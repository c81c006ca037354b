// Made from the table of operations by `npm run docs`: do not edit.

/** Input and output of every operation, by its name. */
export interface Operations {
  /** Register a user and sign in. */
  readonly 'auth.register': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      /** All characters count. */
      readonly password: string;
      readonly name?: string | undefined;
      /** Device id; one is made where absent. */
      readonly device?: string | undefined;
      /** What the device is called among the user’s own, as `Firefox on Linux`. */
      readonly deviceName?: string | undefined;
      readonly platform?: 'web' | 'desktop' | 'mobile' | 'iot' | 'bot' | undefined;
    };
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly accessToken: string;
      readonly refreshToken: string;
      /** Life of the access token, seconds. */
      readonly expiresIn: number;
      readonly tokenType: 'Bearer';
    };
  };
  /** Sign in with a password. */
  readonly 'auth.login': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly password: string;
      /** Device id; one is made where absent. */
      readonly device?: string | undefined;
      /** What the device is called among the user’s own, as `Firefox on Linux`. */
      readonly deviceName?: string | undefined;
      readonly platform?: 'web' | 'desktop' | 'mobile' | 'iot' | 'bot' | undefined;
      readonly otp?: string | undefined;
    };
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly accessToken: string;
      readonly refreshToken: string;
      /** Life of the access token, seconds. */
      readonly expiresIn: number;
      readonly tokenType: 'Bearer';
    };
  };
  /** Exchange a refresh token for a new session; each is good once. */
  readonly 'auth.refresh': {
    readonly input: {
      readonly refreshToken: string;
      /** 16 random bytes or more: with the same ones it may be asked again until it is answered. */
      readonly nonce?: string | undefined;
    };
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly accessToken: string;
      readonly refreshToken: string;
      /** Life of the access token, seconds. */
      readonly expiresIn: number;
      readonly tokenType: 'Bearer';
    };
  };
  /** Sign this device out, or all, and end their connections. */
  readonly 'auth.logout': {
    readonly input: {
      /** Every device of the user. */
      readonly all?: boolean | undefined;
    };
    readonly output: null;
  };
  /** The asker's own profile and settings. */
  readonly 'me.get': {
    readonly input: Readonly<Record<string, never>>;
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly name?: string | undefined;
      readonly avatar?: string | undefined;
      readonly bio?: string | undefined;
      /** ms since 1970 */
      readonly createdAt: number;
      readonly discoverable: boolean;
      readonly readReceipts: boolean;
      readonly invisible: boolean;
    };
  };
  /** Change the asker's own profile and settings. */
  readonly 'me.update': {
    readonly input: {
      /** For people to read; null clears it. */
      readonly name?: string | null | undefined;
      /** A URL, or the id of a file; null clears it. */
      readonly avatar?: string | null | undefined;
      /** A few words about oneself; null clears it. */
      readonly bio?: string | null | undefined;
      /** Whether others than friends find the user by a search. */
      readonly discoverable?: boolean | undefined;
      /** Whether others are told how far the user has read. */
      readonly readReceipts?: boolean | undefined;
      /** Whether the user is offline to others, always. */
      readonly invisible?: boolean | undefined;
    };
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly name?: string | undefined;
      readonly avatar?: string | undefined;
      readonly bio?: string | undefined;
      /** ms since 1970 */
      readonly createdAt: number;
      readonly discoverable: boolean;
      readonly readReceipts: boolean;
      readonly invisible: boolean;
    };
  };
  /** Change the password; every other sign-in ends, with its connections. */
  readonly 'me.password': {
    readonly input: {
      /** The current one. */
      readonly password: string;
      /** All characters count. */
      readonly newPassword: string;
    };
    readonly output: null;
  };
  /** Remove the own account, for ever, and all that was said with it. */
  readonly 'me.remove': {
    readonly input: {
      /** Required where the account has one. */
      readonly password?: string | undefined;
    };
    readonly output: null;
  };
  /** A user's profile; of one who was removed the uid alone. */
  readonly 'users.get': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly name?: string | undefined;
      readonly avatar?: string | undefined;
      readonly bio?: string | undefined;
      /** ms since 1970 */
      readonly createdAt: number;
      /** Absent where the asker may not see it. */
      readonly presence?: {
        readonly online: boolean;
        /** Online or offline since then, ms since 1970. */
        readonly ts: number;
        /** While online: where. */
        readonly platforms?: readonly ('web' | 'desktop' | 'mobile' | 'iot' | 'bot')[] | undefined;
      } | undefined;
      /** The user was removed; the uid stays taken. */
      readonly removed?: boolean | undefined;
    };
  };
  /** Users by the beginning of their uid or of a word of their name. */
  readonly 'users.search': {
    readonly input: {
      /** Case and width do not matter; in Chinese, Japanese and Korean any part of a name. */
      readonly q: string;
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly uid: string;
        readonly name?: string | undefined;
        readonly avatar?: string | undefined;
        readonly bio?: string | undefined;
        /** ms since 1970 */
        readonly createdAt: number;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** The asker's devices, in the order of their ids. */
  readonly 'devices.list': {
    readonly input: {
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        readonly did: string;
        readonly platform?: 'web' | 'desktop' | 'mobile' | 'iot' | 'bot' | undefined;
        readonly name?: string | undefined;
        /** ms since 1970; now, while it is online */
        readonly lastSeen: number;
        /** Whether it is connected over MQTT. */
        readonly online: boolean;
        /** Whether it is the one that asks. */
        readonly current: boolean;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** Sign a device out: its sign-ins are revoked, its connections and sessions end. */
  readonly 'devices.remove': {
    readonly input: {
      /** A device: the `did` of its tokens, or else its MQTT client id. */
      readonly did: string;
    };
    readonly output: null;
  };
  /** Friends in the order of their uids. */
  readonly 'friends.list': {
    readonly input: {
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly uid: string;
        readonly name?: string | undefined;
        /** What the asker calls them. */
        readonly remark?: string | undefined;
        /** ms since 1970 */
        readonly since: number;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** Give a friend a remark; nobody else sees it. */
  readonly 'friends.update': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      /** What to call them; null clears it. */
      readonly remark: string | null;
    };
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly name?: string | undefined;
      /** What the asker calls them. */
      readonly remark?: string | undefined;
      /** ms since 1970 */
      readonly since: number;
    };
  };
  /** End a friendship, for both. */
  readonly 'friends.remove': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: null;
  };
  /** Requests for friendship, the newest first. */
  readonly 'friends.requests': {
    readonly input: {
      /** Those to the asker (the default), or the asker’s own. */
      readonly direction?: 'in' | 'out' | undefined;
      readonly state?: 'pending' | 'accepted' | 'declined' | undefined;
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        readonly id: string;
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly from: string;
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly to: string;
        readonly note?: string | undefined;
        readonly state: 'pending' | 'accepted' | 'declined';
        /** ms since 1970 */
        readonly at: number;
        /** ms since 1970 */
        readonly decidedAt?: number | undefined;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** Ask to become friends; with somebody who has asked the same, one is friends at once. */
  readonly 'friends.request': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      /** A word to the one who is asked. */
      readonly note?: string | undefined;
    };
    readonly output: {
      readonly id: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly from: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly to: string;
      readonly note?: string | undefined;
      readonly state: 'pending' | 'accepted' | 'declined';
      /** ms since 1970 */
      readonly at: number;
      /** ms since 1970 */
      readonly decidedAt?: number | undefined;
    };
  };
  /** Accept a request to the asker. */
  readonly 'friends.accept': {
    readonly input: {
      /** A request. */
      readonly id: string;
    };
    readonly output: {
      readonly id: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly from: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly to: string;
      readonly note?: string | undefined;
      readonly state: 'pending' | 'accepted' | 'declined';
      /** ms since 1970 */
      readonly at: number;
      /** ms since 1970 */
      readonly decidedAt?: number | undefined;
    };
  };
  /** Decline a request to the asker; it may be made again. */
  readonly 'friends.decline': {
    readonly input: {
      /** A request. */
      readonly id: string;
    };
    readonly output: {
      readonly id: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly from: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly to: string;
      readonly note?: string | undefined;
      readonly state: 'pending' | 'accepted' | 'declined';
      /** ms since 1970 */
      readonly at: number;
      /** ms since 1970 */
      readonly decidedAt?: number | undefined;
    };
  };
  /** Those whom the asker blocks, in the order of their uids. */
  readonly 'blocks.list': {
    readonly input: {
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly uid: string;
        readonly name?: string | undefined;
        /** ms since 1970 */
        readonly since: number;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** Block a user: no messages, typing, presence or requests between the two, at once. */
  readonly 'blocks.add': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: null;
  };
  /** End a block; done already is done. */
  readonly 'blocks.remove': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: null;
  };
  /** Make a group with oneself as its owner. */
  readonly 'groups.create': {
    readonly input: {
      readonly name: string;
      readonly members?: readonly string[] | undefined;
      /** Whose group it is; another than the asker with scope admin only. */
      readonly owner?: string | undefined;
      readonly avatar?: string | undefined;
      readonly announcement?: string | undefined;
      readonly join?: 'open' | 'approve' | 'invite' | undefined;
      readonly muted?: boolean | undefined;
      readonly history?: 'joined' | 'all' | undefined;
    };
    readonly output: {
      /** A group. */
      readonly gid: string;
      readonly name: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly owner: string;
      readonly avatar?: string | undefined;
      readonly announcement?: string | undefined;
      readonly join: 'open' | 'approve' | 'invite';
      readonly muted: boolean;
      readonly history: 'joined' | 'all';
      readonly memberCount: number;
      /** ms since 1970 */
      readonly createdAt: number;
      readonly role?: 'owner' | 'admin' | 'member' | undefined;
    };
  };
  /** The asker's groups. */
  readonly 'groups.list': {
    readonly input: {
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        /** A group. */
        readonly gid: string;
        readonly name: string;
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly owner: string;
        readonly avatar?: string | undefined;
        readonly announcement?: string | undefined;
        readonly join: 'open' | 'approve' | 'invite';
        readonly muted: boolean;
        readonly history: 'joined' | 'all';
        readonly memberCount: number;
        /** ms since 1970 */
        readonly createdAt: number;
        readonly role?: 'owner' | 'admin' | 'member' | undefined;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** A group that the asker is a member of. */
  readonly 'groups.get': {
    readonly input: {
      /** A group. */
      readonly gid: string;
    };
    readonly output: {
      /** A group. */
      readonly gid: string;
      readonly name: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly owner: string;
      readonly avatar?: string | undefined;
      readonly announcement?: string | undefined;
      readonly join: 'open' | 'approve' | 'invite';
      readonly muted: boolean;
      readonly history: 'joined' | 'all';
      readonly memberCount: number;
      /** ms since 1970 */
      readonly createdAt: number;
      readonly role?: 'owner' | 'admin' | 'member' | undefined;
    };
  };
  /** Change what is given of a group; null takes it away. */
  readonly 'groups.update': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      readonly name?: string | undefined;
      readonly avatar?: string | null | undefined;
      readonly announcement?: string | null | undefined;
      readonly join?: 'open' | 'approve' | 'invite' | undefined;
      readonly muted?: boolean | undefined;
      readonly history?: 'joined' | 'all' | undefined;
    };
    readonly output: {
      /** A group. */
      readonly gid: string;
      readonly name: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly owner: string;
      readonly avatar?: string | undefined;
      readonly announcement?: string | undefined;
      readonly join: 'open' | 'approve' | 'invite';
      readonly muted: boolean;
      readonly history: 'joined' | 'all';
      readonly memberCount: number;
      /** ms since 1970 */
      readonly createdAt: number;
      readonly role?: 'owner' | 'admin' | 'member' | undefined;
    };
  };
  /** Leave a group; its owner cannot. */
  readonly 'groups.leave': {
    readonly input: {
      /** A group. */
      readonly gid: string;
    };
    readonly output: null;
  };
  /** End a group; for its owner. */
  readonly 'groups.dissolve': {
    readonly input: {
      /** A group. */
      readonly gid: string;
    };
    readonly output: null;
  };
  /** Members in the order of their uids, with their names. */
  readonly 'groups.members.list': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly uid: string;
        readonly role: 'owner' | 'admin' | 'member';
        readonly nick?: string | undefined;
        /** ms since 1970 */
        readonly mutedUntil?: number | undefined;
        /** ms since 1970 */
        readonly joinedAt: number;
        readonly name?: string | undefined;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** Add members; who is one already stays as they are. */
  readonly 'groups.members.add': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      readonly uids: readonly string[];
    };
    readonly output: {
      /** Who was no member before. */
      readonly added: readonly string[];
      readonly memberCount: number;
    };
  };
  /** Change what is given of a member: role (owner hands the group over), mute, nick. */
  readonly 'groups.members.update': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly role?: 'owner' | 'admin' | 'member' | undefined;
      /** ms since 1970; null or a time that has passed unmutes. */
      readonly mutedUntil?: number | null | undefined;
      /** Their name in this group; null takes it away. */
      readonly nick?: string | null | undefined;
    };
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly role: 'owner' | 'admin' | 'member';
      readonly nick?: string | undefined;
      /** ms since 1970 */
      readonly mutedUntil?: number | undefined;
      /** ms since 1970 */
      readonly joinedAt: number;
    };
  };
  /** Remove a member; nobody removes the owner, only the owner removes admins. */
  readonly 'groups.members.remove': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: null;
  };
  /** Join a group, or ask to where it approves; a code of an invitation always joins. */
  readonly 'groups.join': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** Of an invitation. */
      readonly code?: string | undefined;
    };
    readonly output: {
      /** A group. */
      readonly gid: string;
      readonly state: 'joined' | 'pending';
    };
  };
  /** Who asks to join, the first who asked first; for owner and admins. */
  readonly 'groups.requests': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly uid: string;
        readonly name?: string | undefined;
        /** ms since 1970 */
        readonly at: number;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** Let somebody join who asked to; for owner and admins. */
  readonly 'groups.requests.accept': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: null;
  };
  /** Turn somebody down who asked to join; for owner and admins. */
  readonly 'groups.requests.decline': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: null;
  };
  /** Make an invitation, for anyone who has its code or for some users alone; for owner and admins. */
  readonly 'groups.invite': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** Who alone may use it; they are told of it. */
      readonly uids?: readonly string[] | undefined;
      /** Its life, seconds; 7 days where absent. */
      readonly ttl?: number | undefined;
    };
    readonly output: {
      /** Of an invitation. */
      readonly code: string;
      /** ms since 1970 */
      readonly expiresAt: number;
    };
  };
  /** Invitations that hold, the oldest first; for owner and admins. */
  readonly 'groups.invites.list': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        /** Of an invitation. */
        readonly code: string;
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly by: string;
        /** ms since 1970 */
        readonly createdAt: number;
        /** ms since 1970 */
        readonly expiresAt: number;
        readonly uids?: readonly string[] | undefined;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** Take an invitation back; for owner and admins. */
  readonly 'groups.invites.remove': {
    readonly input: {
      /** A group. */
      readonly gid: string;
      /** Of an invitation. */
      readonly code: string;
    };
    readonly output: null;
  };
  /** The asker's conversations: those pinned, then the latest first. */
  readonly 'conversations.list': {
    readonly input: {
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
      /** Those that are hidden instead. */
      readonly hidden?: boolean | undefined;
    };
    readonly output: {
      readonly items: readonly {
        readonly conv: string;
        readonly kind: 'direct' | 'group';
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly uid?: string | undefined;
        /** A group. */
        readonly gid?: string | undefined;
        readonly name?: string | undefined;
        readonly head: {
          readonly conv: string;
          readonly seq: number;
          readonly n: number;
          /** ms since 1970 */
          readonly ts: number;
          readonly from: string;
          readonly id: string;
          readonly type: string;
          readonly body?: Readonly<Record<string, never>> | undefined;
          /** ms since 1970 */
          readonly edited?: number | undefined;
          readonly recalled?: boolean | undefined;
          readonly pinned?: boolean | undefined;
          /** Who reacted with it, the earliest first, 100 at most. */
          readonly reactions?: Readonly<Record<string, readonly string[]>> | undefined;
          /** How many reacted with it. */
          readonly reactionCounts?: Readonly<Record<string, number>> | undefined;
          /** A forwarded message: who wrote it and when, or how many are merged in it. */
          readonly forward?: {
            readonly from?: string | undefined;
            /** ms since 1970 */
            readonly ts?: number | undefined;
            readonly count?: number | undefined;
          } | undefined;
        } | null;
        readonly unread: number;
        readonly mentions: number;
        readonly read: number;
        readonly peerRead?: number | undefined;
        readonly pinned: boolean;
        /** ms since 1970 */
        readonly pinnedAt?: number | undefined;
        readonly muted: boolean;
        /** ms since 1970 */
        readonly mutedUntil?: number | undefined;
        readonly hidden: boolean;
        readonly markedUnread: boolean;
        readonly draft?: string | undefined;
        /** ms since 1970 */
        readonly draftAt?: number | undefined;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** One conversation. */
  readonly 'conversations.get': {
    readonly input: {
      /** A conversation: u:{a}:{b} with the two uids in ascending order, or g:{gid}. */
      readonly conv: string;
    };
    readonly output: {
      readonly conv: string;
      readonly kind: 'direct' | 'group';
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid?: string | undefined;
      /** A group. */
      readonly gid?: string | undefined;
      readonly name?: string | undefined;
      readonly head: {
        readonly conv: string;
        readonly seq: number;
        readonly n: number;
        /** ms since 1970 */
        readonly ts: number;
        readonly from: string;
        readonly id: string;
        readonly type: string;
        readonly body?: Readonly<Record<string, never>> | undefined;
        /** ms since 1970 */
        readonly edited?: number | undefined;
        readonly recalled?: boolean | undefined;
        readonly pinned?: boolean | undefined;
        /** Who reacted with it, the earliest first, 100 at most. */
        readonly reactions?: Readonly<Record<string, readonly string[]>> | undefined;
        /** How many reacted with it. */
        readonly reactionCounts?: Readonly<Record<string, number>> | undefined;
        /** A forwarded message: who wrote it and when, or how many are merged in it. */
        readonly forward?: {
          readonly from?: string | undefined;
          /** ms since 1970 */
          readonly ts?: number | undefined;
          readonly count?: number | undefined;
        } | undefined;
      } | null;
      readonly unread: number;
      readonly mentions: number;
      readonly read: number;
      readonly peerRead?: number | undefined;
      readonly pinned: boolean;
      /** ms since 1970 */
      readonly pinnedAt?: number | undefined;
      readonly muted: boolean;
      /** ms since 1970 */
      readonly mutedUntil?: number | undefined;
      readonly hidden: boolean;
      readonly markedUnread: boolean;
      readonly draft?: string | undefined;
      /** ms since 1970 */
      readonly draftAt?: number | undefined;
    };
  };
  /** Mark a conversation as read up to an event, or change what the asker keeps about it. */
  readonly 'conversations.update': {
    readonly input: {
      /** A conversation: u:{a}:{b} with the two uids in ascending order, or g:{gid}. */
      readonly conv: string;
      /** Place in the conversation. */
      readonly read?: number | undefined;
      /** Whether it stands before all that are not. */
      readonly pinned?: boolean | undefined;
      /** Until it is unmuted; for a time: `mutedUntil`. */
      readonly muted?: boolean | undefined;
      /** Muted until then, ms since 1970; null unmutes. */
      readonly mutedUntil?: number | null | undefined;
      /** Out of the list until there is a new message. */
      readonly hidden?: boolean | undefined;
      /** What is not sent yet; null or nothing takes it away. */
      readonly draft?: string | null | undefined;
      /** Reading takes the mark away. */
      readonly markedUnread?: boolean | undefined;
    };
    readonly output: {
      readonly conv: string;
      readonly kind: 'direct' | 'group';
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid?: string | undefined;
      /** A group. */
      readonly gid?: string | undefined;
      readonly name?: string | undefined;
      readonly head: {
        readonly conv: string;
        readonly seq: number;
        readonly n: number;
        /** ms since 1970 */
        readonly ts: number;
        readonly from: string;
        readonly id: string;
        readonly type: string;
        readonly body?: Readonly<Record<string, never>> | undefined;
        /** ms since 1970 */
        readonly edited?: number | undefined;
        readonly recalled?: boolean | undefined;
        readonly pinned?: boolean | undefined;
        /** Who reacted with it, the earliest first, 100 at most. */
        readonly reactions?: Readonly<Record<string, readonly string[]>> | undefined;
        /** How many reacted with it. */
        readonly reactionCounts?: Readonly<Record<string, number>> | undefined;
        /** A forwarded message: who wrote it and when, or how many are merged in it. */
        readonly forward?: {
          readonly from?: string | undefined;
          /** ms since 1970 */
          readonly ts?: number | undefined;
          readonly count?: number | undefined;
        } | undefined;
      } | null;
      readonly unread: number;
      readonly mentions: number;
      readonly read: number;
      readonly peerRead?: number | undefined;
      readonly pinned: boolean;
      /** ms since 1970 */
      readonly pinnedAt?: number | undefined;
      readonly muted: boolean;
      /** ms since 1970 */
      readonly mutedUntil?: number | undefined;
      readonly hidden: boolean;
      readonly markedUnread: boolean;
      readonly draft?: string | undefined;
      /** ms since 1970 */
      readonly draftAt?: number | undefined;
    };
  };
  /** Take a conversation and all that was said in it out of the asker's view; others keep it. */
  readonly 'conversations.remove': {
    readonly input: {
      /** A conversation: u:{a}:{b} with the two uids in ascending order, or g:{gid}. */
      readonly conv: string;
    };
    readonly output: null;
  };
  /** Events in seq order: the newest, those before or those after one. */
  readonly 'history': {
    readonly input: {
      /** A conversation: u:{a}:{b} with the two uids in ascending order, or g:{gid}. */
      readonly conv: string;
      /** Only events with a smaller seq. */
      readonly before?: number | undefined;
      /** Only events with a greater seq; the page then begins there. */
      readonly after?: number | undefined;
      readonly limit?: number | undefined;
      /** Events as stored, without what changes made of them. */
      readonly raw?: boolean | 1 | 0 | undefined;
    };
    readonly output: {
      readonly events: readonly {
        readonly conv: string;
        readonly seq: number;
        readonly n: number;
        /** ms since 1970 */
        readonly ts: number;
        readonly from: string;
        readonly id: string;
        readonly type: string;
        readonly body?: Readonly<Record<string, never>> | undefined;
        /** ms since 1970 */
        readonly edited?: number | undefined;
        readonly recalled?: boolean | undefined;
        readonly pinned?: boolean | undefined;
        /** Who reacted with it, the earliest first, 100 at most. */
        readonly reactions?: Readonly<Record<string, readonly string[]>> | undefined;
        /** How many reacted with it. */
        readonly reactionCounts?: Readonly<Record<string, number>> | undefined;
        /** A forwarded message: who wrote it and when, or how many are merged in it. */
        readonly forward?: {
          readonly from?: string | undefined;
          /** ms since 1970 */
          readonly ts?: number | undefined;
          readonly count?: number | undefined;
        } | undefined;
      }[];
      /** Whether there are more in this direction. */
      readonly more: boolean;
    };
  };
  /** Send a message or a change; 200 where this id was sent before. */
  readonly 'messages.send': {
    readonly input: {
      /** A conversation: u:{a}:{b} with the two uids in ascending order, or g:{gid}. */
      readonly conv: string;
      /** Your own id of the message: sent again it is stored once. The server makes one where absent. */
      readonly id?: string | undefined;
      readonly type: 'text' | 'image' | 'file' | 'audio' | 'video' | 'location' | 'custom' | 'edit' | 'recall' | 'react' | 'pin';
      /** As the type wants it; image, file, audio and video alike. */
      readonly body: {
        readonly text: string;
      } | {
        readonly file: string;
        readonly name?: string | undefined;
        readonly mime?: string | undefined;
        readonly size?: number | undefined;
        readonly width?: number | undefined;
        readonly height?: number | undefined;
        readonly duration?: number | undefined;
        readonly thumb?: string | undefined;
      } | {
        readonly lat: number;
        readonly lng: number;
        readonly name?: string | undefined;
      } | {
        readonly kind: string;
      } | {
        readonly target: number;
        readonly body: Readonly<Record<string, never>>;
      } | {
        readonly target: number;
      } | {
        readonly target: number;
        readonly emoji: string;
        readonly on: boolean;
      } | {
        readonly target: number;
        readonly on: boolean;
      };
      /** seq of the event it answers. */
      readonly replyTo?: number | undefined;
      /** uids; `@all` is for owner and admins. */
      readonly mentions?: readonly string[] | undefined;
    };
    readonly output: {
      readonly conv: string;
      readonly seq: number;
      /** ms since 1970 */
      readonly ts: number;
    };
  };
  /** Say messages of another conversation here: each for itself, or merged in one. */
  readonly 'messages.forward': {
    readonly input: {
      /** A conversation: u:{a}:{b} with the two uids in ascending order, or g:{gid}. */
      readonly conv: string;
      /** The client's own id; messages after the first get `{id}.2`, `{id}.3`, … */
      readonly id: string;
      /** The conversation they are in. */
      readonly from: string;
      /** Which messages, ascending. */
      readonly seqs: readonly number[];
      /** One message of type custom, kind forward, has them all. */
      readonly merged?: boolean | undefined;
      /** Of a merged one. */
      readonly title?: string | undefined;
    };
    readonly output: {
      readonly conv: string;
      readonly items: readonly {
        readonly id: string;
        readonly seq: number;
        /** ms since 1970 */
        readonly ts: number;
      }[];
    };
  };
  /** Pinned messages, the one pinned last first. */
  readonly 'pins': {
    readonly input: {
      /** A conversation: u:{a}:{b} with the two uids in ascending order, or g:{gid}. */
      readonly conv: string;
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        readonly conv: string;
        readonly seq: number;
        readonly n: number;
        /** ms since 1970 */
        readonly ts: number;
        readonly from: string;
        readonly id: string;
        readonly type: string;
        readonly body?: Readonly<Record<string, never>> | undefined;
        /** ms since 1970 */
        readonly edited?: number | undefined;
        readonly recalled?: boolean | undefined;
        readonly pinned?: boolean | undefined;
        /** Who reacted with it, the earliest first, 100 at most. */
        readonly reactions?: Readonly<Record<string, readonly string[]>> | undefined;
        /** How many reacted with it. */
        readonly reactionCounts?: Readonly<Record<string, number>> | undefined;
        /** A forwarded message: who wrote it and when, or how many are merged in it. */
        readonly forward?: {
          readonly from?: string | undefined;
          /** ms since 1970 */
          readonly ts?: number | undefined;
          readonly count?: number | undefined;
        } | undefined;
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly pinnedBy: string;
        /** ms since 1970 */
        readonly pinnedAt: number;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** Who has a message delivered and who has read it; its sender aside. */
  readonly 'receipts': {
    readonly input: {
      /** A conversation: u:{a}:{b} with the two uids in ascending order, or g:{gid}. */
      readonly conv: string;
      /** Place in the conversation. */
      readonly seq: number;
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly delivered: readonly string[];
      readonly read: readonly string[];
      readonly counts: {
        readonly members: number;
        readonly delivered: number;
        readonly read: number;
      };
      readonly next?: string | undefined;
    };
  };
  /** What is new since the given cursors, the oldest first. */
  readonly 'sync': {
    readonly input: {
      /** The last seq the client has, by conversation; one that is missing begins at its start. */
      readonly cursors?: Readonly<Record<string, number>> | undefined;
      /** Events of one conversation. */
      readonly limit?: number | undefined;
      /** Events as stored, without what changes made of them. */
      readonly raw?: boolean | undefined;
    };
    readonly output: {
      readonly conversations: readonly {
        readonly conv: string;
        readonly head: {
          readonly seq: number;
          readonly n: number;
          /** ms since 1970 */
          readonly ts: number;
        };
        readonly read: number;
        readonly unread: number;
        readonly events: readonly {
          readonly conv: string;
          readonly seq: number;
          readonly n: number;
          /** ms since 1970 */
          readonly ts: number;
          readonly from: string;
          readonly id: string;
          readonly type: string;
          readonly body?: Readonly<Record<string, never>> | undefined;
          /** ms since 1970 */
          readonly edited?: number | undefined;
          readonly recalled?: boolean | undefined;
          readonly pinned?: boolean | undefined;
          /** Who reacted with it, the earliest first, 100 at most. */
          readonly reactions?: Readonly<Record<string, readonly string[]>> | undefined;
          /** How many reacted with it. */
          readonly reactionCounts?: Readonly<Record<string, number>> | undefined;
          /** A forwarded message: who wrote it and when, or how many are merged in it. */
          readonly forward?: {
            readonly from?: string | undefined;
            /** ms since 1970 */
            readonly ts?: number | undefined;
            readonly count?: number | undefined;
          } | undefined;
        }[];
        /** Whether this conversation goes on after these events. */
        readonly more: boolean;
      }[];
      /** Whether there is more to ask for: move the cursors on and ask again. */
      readonly more: boolean;
    };
  };
  /** Make a user, also where registration is closed; without a password only tokens let them in. */
  readonly 'admin.users.create': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      /** All characters count. */
      readonly password?: string | undefined;
      readonly name?: string | undefined;
      readonly avatar?: string | undefined;
      readonly bio?: string | undefined;
    };
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly name?: string | undefined;
      readonly avatar?: string | undefined;
      readonly bio?: string | undefined;
      /** ms since 1970 */
      readonly createdAt: number;
    };
  };
  /** Make many users at once; those who exist stay as they are. */
  readonly 'admin.users.import': {
    readonly input: {
      readonly users: readonly {
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly uid: string;
        readonly name?: string | undefined;
        readonly avatar?: string | undefined;
        readonly bio?: string | undefined;
        /** bcrypt of the password, as another system made it; cost 4 to 16. */
        readonly passwordHash?: string | undefined;
      }[];
    };
    readonly output: {
      readonly created: readonly string[];
      /** Who was there before; the reserved ones too. */
      readonly existing: readonly string[];
    };
  };
  /** An account as operators see it. */
  readonly 'admin.users.get': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly name?: string | undefined;
      readonly avatar?: string | undefined;
      readonly bio?: string | undefined;
      /** ms since 1970 */
      readonly createdAt: number;
      readonly origin: 'registered' | 'token' | 'admin';
      readonly banned: boolean;
      /** ms since 1970; absent where the ban has no end. */
      readonly bannedUntil?: number | undefined;
      readonly banReason?: string | undefined;
      readonly removed: boolean;
      /** How many devices the user has signed in with. */
      readonly devices: number;
    };
  };
  /** Keep a user out, for a time or for ever; their connections end with 0x87. */
  readonly 'admin.users.ban': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      /** ms since 1970; for ever where absent. */
      readonly until?: number | undefined;
      readonly reason?: string | undefined;
    };
    readonly output: null;
  };
  /** End a ban; who is not banned stays so. */
  readonly 'admin.users.unban': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: null;
  };
  /** End the connections of a user, or of one device, with 0x98; they may come back. */
  readonly 'admin.users.kick': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
      readonly did?: string | undefined;
    };
    readonly output: null;
  };
  /** Remove an account for ever: the uid stays taken, what they wrote goes. */
  readonly 'admin.users.remove': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid: string;
    };
    readonly output: null;
  };
  /** Send as the system or as a user; 200 where this id was sent before. */
  readonly 'admin.send': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly to?: string | undefined;
      /** A group. */
      readonly gid?: string | undefined;
      /** `system` (also where absent) or a user. */
      readonly from?: string | undefined;
      /** Your own id of the message: sent again it is stored once. The server makes one where absent. */
      readonly id?: string | undefined;
      readonly type: 'text' | 'image' | 'file' | 'audio' | 'video' | 'location' | 'custom' | 'edit' | 'recall' | 'react' | 'pin';
      /** As the type wants it; image, file, audio and video alike. */
      readonly body: {
        readonly text: string;
      } | {
        readonly file: string;
        readonly name?: string | undefined;
        readonly mime?: string | undefined;
        readonly size?: number | undefined;
        readonly width?: number | undefined;
        readonly height?: number | undefined;
        readonly duration?: number | undefined;
        readonly thumb?: string | undefined;
      } | {
        readonly lat: number;
        readonly lng: number;
        readonly name?: string | undefined;
      } | {
        readonly kind: string;
      } | {
        readonly target: number;
        readonly body: Readonly<Record<string, never>>;
      } | {
        readonly target: number;
      } | {
        readonly target: number;
        readonly emoji: string;
        readonly on: boolean;
      } | {
        readonly target: number;
        readonly on: boolean;
      };
      /** seq of the event it answers. */
      readonly replyTo?: number | undefined;
      /** uids; `@all` is for owner and admins. */
      readonly mentions?: readonly string[] | undefined;
    };
    readonly output: {
      readonly conv: string;
      readonly seq: number;
      /** ms since 1970 */
      readonly ts: number;
    };
  };
  /** Send a message to many, in the background; an id that was there before begins nothing new. */
  readonly 'admin.broadcast': {
    readonly input: {
      /** An id of your own, so that a repeat is none. */
      readonly id?: string | undefined;
      /** `system` (also where absent) or a user. */
      readonly from?: string | undefined;
      /** A type of message, or `system` (any body) from `system`. */
      readonly type: string;
      readonly body: Readonly<Record<string, never>>;
      /** Users, groups, or every user there is. */
      readonly to: {
        readonly uids: readonly string[];
      } | {
        readonly gids: readonly string[];
      } | {
        readonly all: true;
      };
    };
    readonly output: {
      /** A broadcast. */
      readonly id: string;
    };
  };
  /** Broadcasts, the newest first. */
  readonly 'admin.broadcasts.list': {
    readonly input: {
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        /** A broadcast. */
        readonly id: string;
        readonly from: string;
        readonly state: 'running' | 'done' | 'cancelled';
        /** Users or groups; of all users about as many, until it is done. */
        readonly total: number;
        readonly sent: number;
        /** Who is not there, or must not be written to. */
        readonly failed: number;
        /** ms since 1970 */
        readonly createdAt: number;
        /** ms since 1970 */
        readonly finishedAt?: number | undefined;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** How far a broadcast has come. */
  readonly 'admin.broadcasts.get': {
    readonly input: {
      /** A broadcast. */
      readonly id: string;
    };
    readonly output: {
      /** A broadcast. */
      readonly id: string;
      readonly from: string;
      readonly state: 'running' | 'done' | 'cancelled';
      /** Users or groups; of all users about as many, until it is done. */
      readonly total: number;
      readonly sent: number;
      /** Who is not there, or must not be written to. */
      readonly failed: number;
      /** ms since 1970 */
      readonly createdAt: number;
      /** ms since 1970 */
      readonly finishedAt?: number | undefined;
    };
  };
  /** Stop a broadcast; what was sent stays, one that has ended stays as it is. */
  readonly 'admin.broadcasts.cancel': {
    readonly input: {
      /** A broadcast. */
      readonly id: string;
    };
    readonly output: null;
  };
  /** What operators and backends did, the newest first. */
  readonly 'admin.audit': {
    readonly input: {
      readonly action?: string | undefined;
      readonly target?: string | undefined;
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly actor?: string | undefined;
      /** ms; only what is older. */
      readonly before?: number | undefined;
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        readonly id: string;
        /** ms since 1970 */
        readonly at: number;
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly actor: string;
        /** The name of the operation. */
        readonly action: string;
        /** The user, group or broadcast it was about. */
        readonly target?: string | undefined;
        /** What was asked for, without secrets and bodies. */
        readonly detail: Readonly<Record<string, never>>;
        readonly address: string;
        /** `ok`, an error code, or `pending` where the end is not known: still at work, or cut short. */
        readonly outcome: string;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
  /** Who is connected over MQTT now, in the order of uid and client id. */
  readonly 'admin.connections': {
    readonly input: {
      /** A user: 1 to 64 of a-z 0-9 _ . - */
      readonly uid?: string | undefined;
      /** At most this many; 100 where absent. */
      readonly limit?: number | undefined;
      /** The `next` of the page before. */
      readonly cursor?: string | undefined;
    };
    readonly output: {
      readonly items: readonly {
        /** A user: 1 to 64 of a-z 0-9 _ . - */
        readonly uid: string;
        readonly clientId: string;
        readonly did: string;
        readonly platform?: 'web' | 'desktop' | 'mobile' | 'iot' | 'bot' | undefined;
        readonly address: string;
        /** 5 is MQTT 5, 4 is 3.1.1, 3 is 3.1. */
        readonly protocol: number;
        readonly transport: 'tcp' | 'tls' | 'ws';
        /** ms since 1970 */
        readonly since: number;
        /** The process that has it, where there may be several. */
        readonly node?: string | undefined;
      }[];
      /** Cursor of the next page; absent on the last. */
      readonly next?: string | undefined;
    };
  };
}

export type OperationName = keyof Operations;

/** Where HTTP has it, below /v1; `open` needs no token. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly open: boolean;
}

export const routes: Readonly<Record<OperationName, Route>> = {
  'auth.register': { method: 'POST', path: '/auth/register', open: true },
  'auth.login': { method: 'POST', path: '/auth/login', open: true },
  'auth.refresh': { method: 'POST', path: '/auth/refresh', open: true },
  'auth.logout': { method: 'POST', path: '/auth/logout', open: false },
  'me.get': { method: 'GET', path: '/me', open: false },
  'me.update': { method: 'PATCH', path: '/me', open: false },
  'me.password': { method: 'PUT', path: '/me/password', open: false },
  'me.remove': { method: 'POST', path: '/me/remove', open: false },
  'users.get': { method: 'GET', path: '/users/{uid}', open: false },
  'users.search': { method: 'GET', path: '/users', open: false },
  'devices.list': { method: 'GET', path: '/devices', open: false },
  'devices.remove': { method: 'DELETE', path: '/devices/{did}', open: false },
  'friends.list': { method: 'GET', path: '/friends', open: false },
  'friends.update': { method: 'PATCH', path: '/friends/{uid}', open: false },
  'friends.remove': { method: 'DELETE', path: '/friends/{uid}', open: false },
  'friends.requests': { method: 'GET', path: '/friends/requests', open: false },
  'friends.request': { method: 'POST', path: '/friends/requests', open: false },
  'friends.accept': { method: 'POST', path: '/friends/requests/{id}/accept', open: false },
  'friends.decline': { method: 'POST', path: '/friends/requests/{id}/decline', open: false },
  'blocks.list': { method: 'GET', path: '/blocks', open: false },
  'blocks.add': { method: 'PUT', path: '/blocks/{uid}', open: false },
  'blocks.remove': { method: 'DELETE', path: '/blocks/{uid}', open: false },
  'groups.create': { method: 'POST', path: '/groups', open: false },
  'groups.list': { method: 'GET', path: '/groups', open: false },
  'groups.get': { method: 'GET', path: '/groups/{gid}', open: false },
  'groups.update': { method: 'PATCH', path: '/groups/{gid}', open: false },
  'groups.leave': { method: 'POST', path: '/groups/{gid}/leave', open: false },
  'groups.dissolve': { method: 'DELETE', path: '/groups/{gid}', open: false },
  'groups.members.list': { method: 'GET', path: '/groups/{gid}/members', open: false },
  'groups.members.add': { method: 'POST', path: '/groups/{gid}/members', open: false },
  'groups.members.update': { method: 'PATCH', path: '/groups/{gid}/members/{uid}', open: false },
  'groups.members.remove': { method: 'DELETE', path: '/groups/{gid}/members/{uid}', open: false },
  'groups.join': { method: 'POST', path: '/groups/{gid}/join', open: false },
  'groups.requests': { method: 'GET', path: '/groups/{gid}/requests', open: false },
  'groups.requests.accept': { method: 'POST', path: '/groups/{gid}/requests/{uid}/accept', open: false },
  'groups.requests.decline': { method: 'POST', path: '/groups/{gid}/requests/{uid}/decline', open: false },
  'groups.invite': { method: 'POST', path: '/groups/{gid}/invites', open: false },
  'groups.invites.list': { method: 'GET', path: '/groups/{gid}/invites', open: false },
  'groups.invites.remove': { method: 'DELETE', path: '/groups/{gid}/invites/{code}', open: false },
  'conversations.list': { method: 'GET', path: '/conversations', open: false },
  'conversations.get': { method: 'GET', path: '/conversations/{conv}', open: false },
  'conversations.update': { method: 'PATCH', path: '/conversations/{conv}', open: false },
  'conversations.remove': { method: 'DELETE', path: '/conversations/{conv}', open: false },
  'history': { method: 'GET', path: '/conversations/{conv}/messages', open: false },
  'messages.send': { method: 'POST', path: '/conversations/{conv}/messages', open: false },
  'messages.forward': { method: 'POST', path: '/conversations/{conv}/forward', open: false },
  'pins': { method: 'GET', path: '/conversations/{conv}/pins', open: false },
  'receipts': { method: 'GET', path: '/conversations/{conv}/messages/{seq}/receipts', open: false },
  'sync': { method: 'POST', path: '/sync', open: false },
  'admin.users.create': { method: 'POST', path: '/admin/users', open: false },
  'admin.users.import': { method: 'POST', path: '/admin/users/batch', open: false },
  'admin.users.get': { method: 'GET', path: '/admin/users/{uid}', open: false },
  'admin.users.ban': { method: 'PUT', path: '/admin/users/{uid}/ban', open: false },
  'admin.users.unban': { method: 'DELETE', path: '/admin/users/{uid}/ban', open: false },
  'admin.users.kick': { method: 'POST', path: '/admin/users/{uid}/kick', open: false },
  'admin.users.remove': { method: 'DELETE', path: '/admin/users/{uid}', open: false },
  'admin.send': { method: 'POST', path: '/admin/messages', open: false },
  'admin.broadcast': { method: 'POST', path: '/admin/broadcasts', open: false },
  'admin.broadcasts.list': { method: 'GET', path: '/admin/broadcasts', open: false },
  'admin.broadcasts.get': { method: 'GET', path: '/admin/broadcasts/{id}', open: false },
  'admin.broadcasts.cancel': { method: 'POST', path: '/admin/broadcasts/{id}/cancel', open: false },
  'admin.audit': { method: 'GET', path: '/admin/audit', open: false },
  'admin.connections': { method: 'GET', path: '/admin/connections', open: false },
};
