import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startLoader } from './load.ts';

interface Loaded {
  readonly value?: unknown;
  readonly error?: unknown;
  readonly isLoading: boolean;
}

interface Resource {
  readonly state: { readonly value: Loaded };
  readonly ensure: () => void;
  readonly renew: () => Promise<void>;
  readonly refresh: () => Promise<void>;
  readonly change: (change: (value: number) => number) => void;
}

const { load, close } = await startLoader();
const { Resource } = await load<{ Resource: new (ask: () => Promise<number>) => Resource }>(
  'remote/resource.ts',
);
const { allPages } = await load<{
  allPages: (ask: (page: { cursor?: string }) => Promise<object>, most?: number) => Promise<number[]>;
}>('remote/pages.ts');

describe('what the page has asked the server for', () => {
  after(close);

  /** Requests that are answered by hand, in the order of asking. */
  const byHand = () => {
    const asked: PromiseWithResolvers[] = [];
    const resource = new Resource(() => {
      const one = withResolvers();
      asked.push(one);
      return one.promise;
    });
    return { asked, resource };
  };

  it('is asked for once by all who want it', async () => {
    const { asked, resource } = byHand();
    resource.ensure();
    resource.ensure();
    assert.equal(asked.length, 1);
    asked[0]!.resolve(1);
    await asked[0]!.promise;
    resource.ensure();
    assert.equal(asked.length, 1);
  });

  it('is not asked for anew where nobody wanted it', async () => {
    const { asked, resource } = byHand();
    await resource.renew();
    assert.equal(asked.length, 0);
  });

  it('is never older than the asking: who asks meanwhile gets a later answer', async () => {
    const { asked, resource } = byHand();
    const first = resource.refresh();
    const second = resource.refresh();
    asked[0]!.resolve(1);
    await asked[0]!.promise;
    await new Promise(setImmediate);
    assert.deepEqual(resource.state.value, { value: undefined, isLoading: true });
    asked[1]!.resolve(2);
    await Promise.all([first, second]);
    assert.deepEqual(resource.state.value, { value: 2, isLoading: false });
    assert.equal(asked.length, 2);
  });

  it('stays while it is asked for again, and where that fails', async () => {
    const { asked, resource } = byHand();
    const first = resource.refresh();
    asked[0]!.resolve(1);
    await first;
    const second = resource.refresh();
    assert.deepEqual(resource.state.value, { value: 1, isLoading: true });
    const failure = new Error('away');
    asked[1]!.reject(failure);
    await second;
    assert.deepEqual(resource.state.value, { value: 1, error: failure, isLoading: false });
  });

  it('is asked for once more where it was changed while an answer was on its way', async () => {
    const { asked, resource } = byHand();
    const first = resource.refresh();
    asked[0]!.resolve(1);
    await first;
    const second = resource.refresh();
    resource.change((value) => value + 10);
    assert.equal(resource.state.value.value, 11);
    asked[1]!.resolve(1);
    await asked[1]!.promise;
    await new Promise(setImmediate);
    assert.equal(resource.state.value.value, 11);
    asked[2]!.resolve(11);
    await second;
    assert.deepEqual(resource.state.value, { value: 11, isLoading: false });
  });

  it('comes page by page, up to a bound', async () => {
    const ask = async ({ cursor = '0' }: { cursor?: string }) => {
      const at = Number(cursor);
      return { items: [at, at + 1], ...(at < 6 && { next: String(at + 2) }) };
    };
    assert.deepEqual(await allPages(ask), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(await allPages(ask, 3), [0, 1, 2, 3]);
  });
});

interface PromiseWithResolvers {
  readonly promise: Promise<number>;
  readonly resolve: (value: number) => void;
  readonly reject: (reason: Error) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: (value: number) => void = () => {};
  let reject: (reason: Error) => void = () => {};
  const promise = new Promise<number>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
