import { at, day, direct, event, group } from './samples.ts';

const id = 'c-1';

/** An example of each type of what is published to `send/…`. */
export const sendExamples = {
  text: { id, type: 'text', body: { text: 'hi' }, replyTo: 6, mentions: ['bob'] },
  image: {
    id,
    type: 'image',
    body: { file: 'f-9d2c', mime: 'image/jpeg', size: 48_213, width: 1280, height: 720 },
  },
  file: {
    id,
    type: 'file',
    body: { file: 'f-77ab', name: 'plan.pdf', mime: 'application/pdf', size: 120_400 },
  },
  audio: { id, type: 'audio', body: { file: 'f-31c0', mime: 'audio/ogg', duration: 4.2 } },
  video: { id, type: 'video', body: { file: 'f-5e10', mime: 'video/mp4', duration: 12, thumb: 'f-5e11' } },
  location: { id, type: 'location', body: { lat: 59.91, lng: 10.75, name: 'Oslo' } },
  custom: { id, type: 'custom', body: { kind: 'poll', question: 'When?' } },
  edit: { id: 'c-2', type: 'edit', body: { target: 7, body: { text: 'hello' } } },
  recall: { id: 'c-3', type: 'recall', body: { target: 7 } },
  react: { id: 'c-4', type: 'react', body: { target: 7, emoji: '👍', on: true } },
  pin: { id: 'c-5', type: 'pin', body: { target: 7, on: true } },
} as const;

/** Examples of the notices, those of a type in the order of their schemas. */
export const noticeExamples = {
  read: [{ type: 'read', conv: direct, uid: 'bob', seq: 7 }],
  delivered: [{ type: 'delivered', conv: direct, uid: 'bob', seq: 7 }],
  typing: [{ type: 'typing', conv: direct, uid: 'bob', on: true }],
  conversation: [{ type: 'conversation', conv: direct, pinned: true, pinnedAt: at }],
  friend: [
    {
      type: 'friend',
      uid: 'carol',
      action: 'request',
      direction: 'in',
      id: 'r-1',
      note: 'We met on Monday.',
    },
    { type: 'friend', uid: 'carol', action: 'accepted', id: 'r-1' },
    { type: 'friend', uid: 'carol', action: 'removed' },
    { type: 'friend', uid: 'carol', action: 'remark', remark: 'Carol from work' },
  ],
  group: [
    { type: 'group', gid: group.gid, action: 'added' },
    { type: 'group', gid: group.gid, action: 'request', uid: 'dave' },
    { type: 'group', gid: group.gid, action: 'declined' },
    { type: 'group', gid: group.gid, action: 'invited', by: 'alice', code: 'kq3v9', expiresAt: at + 7 * day },
  ],
  device: [{ type: 'device', action: 'signed-in', did: 'laptop-1', platform: 'desktop' }],
  gap: [{ type: 'gap', conv: direct, from: 8, to: 1207 }],
  error: [
    { type: 'error', id, code: 'send.rate', message: 'Sending too fast.', retryable: true, retryAfter: 20 },
  ],
} as const;

export const groupEventExample = {
  conv: `g:${group.gid}`,
  seq: 1,
  n: 0,
  ts: at,
  from: 'alice',
  id: 'e-1',
  type: 'group',
  body: { action: 'created', name: 'Birds', uids: ['alice', 'bob', 'carol'] },
};

export { event as eventExample };
