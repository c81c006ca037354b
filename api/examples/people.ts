import type { Examples } from '../examples.ts';
import { at, day } from './samples.ts';

const friend = { uid: 'bob', name: 'Bob', remark: 'Bobby', since: at - 2 * day };
const request = {
  id: '5b1f0c6e9a2d4d7f',
  from: 'carol',
  to: 'alice',
  note: 'We met on Monday.',
  state: 'pending',
  at,
};
const { id } = request;

export const peopleExamples: Examples = {
  'friends.list': { input: {}, output: { items: [friend] } },
  'friends.update': { input: { uid: 'bob', remark: 'Bobby' }, output: friend },
  'friends.remove': { input: { uid: 'bob' } },
  'friends.requests': { input: { direction: 'in', state: 'pending' }, output: { items: [request] } },
  'friends.request': {
    input: { uid: 'dave', note: 'It is Alice.' },
    output: { ...request, from: 'alice', to: 'dave', note: 'It is Alice.' },
  },
  'friends.accept': { input: { id }, output: { ...request, state: 'accepted', decidedAt: at } },
  'friends.decline': { input: { id }, output: { ...request, state: 'declined', decidedAt: at } },
  'blocks.list': { input: {}, output: { items: [{ uid: 'mallory', name: 'Mallory', since: at }] } },
  'blocks.add': { input: { uid: 'mallory' } },
  'blocks.remove': { input: { uid: 'mallory' } },
};
