/** People and things that all examples are about. */
export const at = 1_789_000_000_123;
export const day = 86_400_000;

export const session = {
  uid: 'alice',
  accessToken: 'eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl',
  refreshToken: 'Zk3vB1nq8sQ.p7Xr2wYt5uLc9dHf',
  expiresIn: 900,
  tokenType: 'Bearer',
};

export const alice = { uid: 'alice', name: 'Alice', createdAt: at - 30 * day };
export const bob = { uid: 'bob', name: 'Bob', createdAt: at - 20 * day };

export const direct = 'u:alice:bob';

export const group = {
  gid: 'g-4f7a2c',
  name: 'Birds',
  owner: 'alice',
  join: 'invite',
  muted: false,
  history: 'joined',
  memberCount: 3,
  createdAt: at - 10 * day,
  role: 'owner',
};

export const member = { uid: 'bob', role: 'member', joinedAt: at - 10 * day };

export const event = {
  conv: direct,
  seq: 7,
  n: 5,
  ts: at,
  from: 'alice',
  id: 'c-1',
  type: 'text',
  body: { text: 'hi' },
};

export const conversation = {
  conv: direct,
  kind: 'direct',
  uid: 'bob',
  name: 'Bob',
  head: event,
  unread: 2,
  mentions: 0,
  read: 5,
  peerRead: 7,
  pinned: false,
  muted: false,
  hidden: false,
  markedUnread: false,
};
