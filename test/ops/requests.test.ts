import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fastify } from 'fastify';
import { createMetrics } from '../../ops/metrics.ts';
import { countRequests } from '../../ops/requests.ts';

it('requests are counted by operation and status, what is no operation as other', async () => {
  const { requests } = createMetrics();
  const app = fastify();
  countRequests(app, { requests }, [{ name: 'users.get', method: 'GET', path: '/users/{uid}' }]);
  app.get('/v1/users/:uid', async (_, reply) => reply.code(404).send());
  for (const url of ['/v1/users/alice', '/v1/users/bob', '/nothing']) await app.inject(url);
  assert.equal(requests.count('users.get', '404'), 2);
  assert.equal(requests.count('other', '404'), 1);
});
