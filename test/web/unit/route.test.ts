import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { startLoader } from './load.ts';

type Route = Readonly<Record<string, unknown>> & { readonly page: string };

const { load, close } = await startLoader();
const { hrefOf, parseRoute } = await load<{
  readonly hrefOf: (route: Route) => string;
  readonly parseRoute: (hash: string) => Route;
}>('route.ts');

describe('addresses of the page', () => {
  after(close);

  it('lead to the route that they were made of', () => {
    const part = fc.string({ minLength: 1, unit: 'grapheme' });
    const routes = fc.oneof(
      fc.constantFrom<Route>(
        { page: 'home' },
        { page: 'people' },
        { page: 'people', tab: 'requests' },
        { page: 'people', tab: 'blocked' },
        { page: 'settings' },
        { page: 'settings', section: 'devices' },
      ),
      part.map((conv): Route => ({ page: 'conversation', conv })),
      part.map((conv): Route => ({ page: 'conversation', conv, details: true })),
      part.map((uid): Route => ({ page: 'person', uid })),
      part.map((gid): Route => ({ page: 'invite', gid })),
      fc.tuple(part, part).map(([gid, code]): Route => ({ page: 'invite', gid, code })),
    );
    fc.assert(fc.property(routes, (route) => assert.deepEqual(parseRoute(hrefOf(route)), route)));
  });

  it('say conversations as they are called', () => {
    assert.equal(hrefOf({ page: 'conversation', conv: 'u:alice:bob' }), '#/c/u:alice:bob');
  });

  it('lead home where they are none', () => {
    for (const hash of ['', '#', '#/', '#/c', '#/c/', '#/invite', '#/invite/', '#/nowhere', '#/c/%E0%A4%A']) {
      assert.deepEqual(parseRoute(hash), { page: 'home' }, hash);
    }
  });

  it('lead somewhere whatever they say', () => {
    fc.assert(fc.property(fc.string(), (hash) => assert.equal(typeof parseRoute(hash).page, 'string')));
  });
});
