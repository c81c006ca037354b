import type { Examples } from '../examples.ts';
import { alice, at, bob, day, session } from './samples.ts';

const own = { ...alice, discoverable: true, readReceipts: true, invisible: false };
const phone = { did: 'phone-1', platform: 'mobile', lastSeen: at, online: true, current: true };
const laptop = {
  did: 'laptop-1',
  platform: 'desktop',
  name: 'Work',
  lastSeen: at - day,
  online: false,
  current: false,
};

export const accountExamples: Examples = {
  'auth.register': { input: { uid: 'alice', password: 'correct horse', name: 'Alice' }, output: session },
  'auth.login': {
    input: { uid: 'alice', password: 'correct horse', device: 'phone-1', platform: 'mobile' },
    output: session,
  },
  'auth.refresh': { input: { refreshToken: session.refreshToken }, output: session },
  'auth.logout': { input: { all: true } },
  'me.get': { input: {}, output: own },
  'me.update': {
    input: { name: 'Alice L.', bio: null, discoverable: false },
    output: { ...own, name: 'Alice L.', discoverable: false },
  },
  'me.password': { input: { password: 'correct horse', newPassword: 'battery staple' } },
  'me.remove': { input: { password: 'correct horse' } },
  'users.get': { input: { uid: 'bob' }, output: bob },
  'users.search': { input: { q: 'bo', limit: 20 }, output: { items: [bob] } },
  'devices.list': { input: {}, output: { items: [phone, laptop] } },
  'devices.remove': { input: { did: 'laptop-1' } },
};
