import type { Examples } from '../examples.ts';
import { at, conversation, direct, event } from './samples.ts';

const { conv } = conversation;

export const conversationExamples: Examples = {
  'conversations.list': { input: { limit: 20 }, output: { items: [conversation] } },
  'conversations.get': { input: { conv }, output: conversation },
  'conversations.update': { input: { conv, read: 7 }, output: { ...conversation, unread: 0, read: 7 } },
  'conversations.remove': { input: { conv } },
  history: {
    input: { conv, before: 8, limit: 50 },
    output: { events: [{ ...event, reactions: { '👍': ['bob'] } }], more: true },
  },
  'messages.send': {
    input: { conv, id: 'c-1', type: 'text', body: { text: 'hi' } },
    output: { conv, seq: 7, ts: at },
  },
  'messages.forward': {
    input: { conv, id: 'f-1', from: 'g:g-4f7a2c', seqs: [12, 14] },
    output: {
      conv,
      items: [
        { id: 'f-1', seq: 8, ts: at },
        { id: 'f-1.1', seq: 9, ts: at },
      ],
    },
  },
  pins: {
    input: { conv },
    output: { items: [{ ...event, pinned: true, pinnedBy: 'bob', pinnedAt: at }] },
  },
  receipts: {
    input: { conv, seq: 7 },
    output: { delivered: ['bob'], read: ['bob'], counts: { members: 1, delivered: 1, read: 1 } },
  },
  sync: {
    input: { cursors: { [direct]: 6 }, limit: 100 },
    output: {
      conversations: [
        { conv, head: { seq: 7, n: 5, ts: at }, read: 5, unread: 2, events: [event], more: false },
      ],
      more: false,
    },
  },
};
