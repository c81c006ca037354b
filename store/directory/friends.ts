export const friendRequestStates = ['pending', 'accepted', 'declined'] as const;
export type FriendRequestState = (typeof friendRequestStates)[number];

/** A friend as a user has them. */
export interface Friend {
  readonly uid: string;
  /** Their own name. */
  readonly name?: string;
  /** What the user calls them. */
  readonly remark?: string;
  /** ms. */
  readonly since: number;
}

/** The latest request of `from` to `to`: there is one of each pair and direction. */
export interface FriendRequest {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly note?: string;
  readonly state: FriendRequestState;
  /** When it was asked, ms. */
  readonly at: number;
  /** ms; absent while it is pending. */
  readonly decidedAt?: number;
}

/** What became of a request. */
export interface RequestOutcome {
  readonly request: FriendRequest;
  /** False where all was like that before. */
  readonly changed: boolean;
}

export interface BlockedUser {
  readonly uid: string;
  readonly name?: string;
  /** ms. */
  readonly since: number;
}

/**
 * Friends, requests to become friends, and blocks. A change decides and writes in one transaction that no other change of
 * either user overlaps: a friendship is both users' or neither's.
 */
export interface DirectoryFriends {
  /** The user's friends in uid order, from after `afterUid`. */
  listFriends(uid: string, afterUid: string, limit: number): Promise<Friend[]>;
  /** Answers the friend as the user has them then; undefined where they are not friends. */
  setRemark(uid: string, friend: string, remark: string | undefined): Promise<Friend | undefined>;
  /** Ends the friendship of both; false where there was none. */
  removeFriend(uid: string, friend: string): Promise<boolean>;
  /** The requests to (`in`) or of (`out`) the user, newest first, from after the place `before`. */
  listFriendRequests(
    uid: string,
    direction: 'in' | 'out',
    page: {
      readonly state?: FriendRequestState;
      readonly before?: Pick<FriendRequest, 'at' | 'id'>;
      readonly limit: number;
    },
  ): Promise<FriendRequest[]>;
  /**
   * Asks to become friends; a request that is pending already stays, with the note of this one. Where the other has a
   * pending request to the asker, the two are friends at once, and it is that one, accepted, that is answered.
   *
   * Throws PetrelError `user.not-found`, `friend.exists`, `send.blocked` (either way), `friend.full`.
   */
  requestFriend(
    request: Pick<FriendRequest, 'id' | 'from' | 'to' | 'note' | 'at'>,
    maxFriends: number,
  ): Promise<RequestOutcome>;
  /**
   * Accepts a request to `uid`; one that made them the friends they are stays as it is.
   *
   * Throws PetrelError `friend.request-not-found`, also for one to somebody else or decided otherwise, `user.not-found`,
   * `send.blocked`, `friend.full`.
   */
  acceptFriendRequest(id: string, uid: string, at: number, maxFriends: number): Promise<RequestOutcome>;
  /** Declines a pending request to `uid`. Throws PetrelError `friend.request-not-found` for any other. */
  declineFriendRequest(id: string, uid: string, at: number): Promise<FriendRequest>;
  /** Those whom the user blocks in uid order, from after `afterUid`. */
  listBlocks(uid: string, afterUid: string, limit: number): Promise<BlockedUser[]>;
  /**
   * Blocks a user and declines their pending request; false where they were blocked already. Throws PetrelError
   * `user.not-found`.
   */
  addBlock(uid: string, blocked: string, at: number): Promise<boolean>;
  /** False where there was no block. */
  removeBlock(uid: string, blocked: string): Promise<boolean>;
  /**
   * Removes all friendships, requests and blocks of and about a user who is removed already, so that no new ones come;
   * answers who was a friend.
   */
  forgetPerson(uid: string): Promise<string[]>;
}
