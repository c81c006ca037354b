import type { Examples } from '../examples.ts';
import { at, bob, day } from './samples.ts';

const broadcast = {
  id: 'b-7c2e',
  from: 'system',
  state: 'running',
  total: 12_000,
  sent: 3500,
  failed: 0,
  createdAt: at,
};

export const operatorExamples: Examples = {
  'admin.users.create': { input: { uid: 'bob', name: 'Bob' }, output: bob },
  'admin.users.import': {
    input: { users: [{ uid: 'bob', name: 'Bob' }, { uid: 'alice' }] },
    output: { created: ['bob'], existing: ['alice'] },
  },
  'admin.users.get': {
    input: { uid: 'bob' },
    output: { ...bob, origin: 'registered', banned: false, removed: false, devices: 2 },
  },
  'admin.users.ban': { input: { uid: 'mallory', until: at + 3650 * day, reason: 'Spam.' } },
  'admin.users.unban': { input: { uid: 'mallory' } },
  'admin.users.kick': { input: { uid: 'mallory', did: 'phone-1' } },
  'admin.users.remove': { input: { uid: 'mallory' } },
  'admin.send': {
    input: { to: 'bob', from: 'system', id: 'w-1', type: 'text', body: { text: 'Welcome.' } },
    output: { conv: 'u:bob:system', seq: 1, ts: at },
  },
  'admin.broadcast': {
    input: { type: 'text', body: { text: 'Maintenance at noon.' }, to: { all: true } },
    output: { id: broadcast.id },
  },
  'admin.broadcasts.list': { input: { limit: 20 }, output: { items: [broadcast] } },
  'admin.broadcasts.get': { input: { id: broadcast.id }, output: broadcast },
  'admin.broadcasts.cancel': { input: { id: broadcast.id } },
  'admin.audit': {
    input: { action: 'admin.users.ban', limit: 1 },
    output: {
      items: [
        {
          id: '42',
          at,
          actor: 'backend',
          action: 'admin.users.ban',
          target: 'mallory',
          detail: { reason: 'Spam.' },
          address: '192.0.2.7',
          outcome: 'ok',
        },
      ],
      next: 'NDI',
    },
  },
  'admin.connections': {
    input: { uid: 'alice' },
    output: {
      items: [
        {
          uid: 'alice',
          clientId: 'phone',
          did: 'phone-1',
          platform: 'mobile',
          address: '192.0.2.8',
          protocol: 5,
          transport: 'tls',
          since: at,
        },
      ],
    },
  },
};
