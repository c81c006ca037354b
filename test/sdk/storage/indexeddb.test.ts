import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { IDBFactory } from 'fake-indexeddb';
import { indexedDbStorage } from '../../../sdk/storage/indexeddb.ts';
import { until } from '../../support/until.ts';

/** What a browser has, and fake-indexeddb puts there. */
const globals = globalThis as unknown as {
  indexedDB?: unknown;
  readonly IDBDatabase: { readonly prototype: { transaction(...args: unknown[]): unknown } };
  readonly IDBObjectStore: { readonly prototype: { put(...args: unknown[]): unknown } };
};

const failed = { name: 'ClientError', code: 'client.storage' };
const name = 'test';
type Factory = InstanceType<typeof IDBFactory>;

/** Opens the database as another page would; resolves when it is there. */
function openAs(factory: Factory, version: number): Promise<{ close(): void }> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, version);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

describe('a storage in IndexedDB', () => {
  it('makes way for a later version of its page, and says so from then on', async () => {
    const factory = new IDBFactory();
    const storage = indexedDbStorage({ name, factory });
    await storage.write([{ table: 'meta', key: 'a', value: 1 }]);
    const later = await openAs(factory, 99);
    await assert.rejects(storage.get('meta', 'a'), { ...failed, message: /later version/ });
    assert.equal(await storage.isShared, true);
    later.close();
    await storage.close();
  });

  it('goes on where somebody has deleted the database', async () => {
    const factory = new IDBFactory();
    const storage = indexedDbStorage({ name, factory });
    await storage.write([{ table: 'meta', key: 'a', value: 1 }]);
    await new Promise((resolve) => {
      factory.deleteDatabase(name).onsuccess = resolve;
    });
    assert.equal(await storage.get('meta', 'a'), undefined);
    await storage.write([{ table: 'meta', key: 'a', value: 2 }]);
    assert.equal(await storage.get('meta', 'a'), 2);
    await storage.close();
  });

  it('keeps things in memory, and warns once, where there is no database', async () => {
    for (const factory of [undefined, refusing(() => new DOMException('No.', 'SecurityError')), broken()]) {
      const warnings: Error[] = [];
      const original = globals.indexedDB;
      if (factory === undefined) Reflect.deleteProperty(globalThis, 'indexedDB');
      const storage = indexedDbStorage({
        name,
        onWarning: (warning) => warnings.push(warning),
        ...(factory && { factory }),
      });
      assert.equal(await storage.isShared, false);
      globals.indexedDB = original;
      await storage.write([{ table: 'meta', key: 'a', value: 1 }]);
      assert.equal(await storage.get('meta', 'a'), 1);
      assert.equal(warnings.length, 1);
      assert.equal((warnings[0] as Error & { code: string }).code, 'client.storage');
      await storage.close();
    }
  });

  it('asks for strict durability for what nobody else has', async () => {
    const factory = new IDBFactory();
    const asked: unknown[] = [];
    const { prototype } = globals.IDBDatabase;
    const { transaction } = prototype;
    mock.method(prototype, 'transaction', function spy(this: unknown, ...args: unknown[]) {
      if (args[1] === 'readwrite') asked.push((args[2] as { durability: unknown }).durability);
      return transaction.apply(this, args);
    });
    const storage = indexedDbStorage({ name, factory });
    await storage.write([{ table: 'outbox', key: [1], value: 1 }]);
    await storage.write([{ table: 'session', key: 'a', value: 1 }]);
    await storage.write([{ table: 'events', key: ['c', 1], value: 1 }]);
    await storage.write([{ table: 'outbox', key: [1], delete: true }]);
    mock.restoreAll();
    assert.deepEqual(asked, ['strict', 'strict', 'relaxed', 'relaxed']);
    await storage.close();
  });

  it('rejects what does not fit, changes nothing, and goes on', async () => {
    const factory = new IDBFactory();
    const storage = indexedDbStorage({ name, factory });
    await storage.write([{ table: 'meta', key: 'a', value: 1 }]);
    const { prototype } = globals.IDBObjectStore;
    mock.method(prototype, 'put', () => {
      throw new DOMException('Full.', 'QuotaExceededError');
    });
    const writing = storage.write([
      { table: 'meta', key: 'a', delete: true },
      { table: 'meta', key: 'b', value: 2 },
    ]);
    await assert.rejects(writing, failed);
    mock.restoreAll();
    assert.deepEqual(await storage.range('meta'), [1]);
    await storage.write([{ table: 'meta', key: 'b', value: 2 }]);
    assert.deepEqual(await storage.range('meta'), [1, 2]);
    await storage.close();
  });

  it('asks the browser once, when somebody signs in, not to clear it', async () => {
    const persist = mock.fn(async () => true);
    const original = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    const navigator = { storage: { persist, persisted: async () => false } };
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
    const storage = indexedDbStorage({ name, factory: new IDBFactory() });
    await storage.write([{ table: 'meta', key: 'a', value: 1 }]);
    assert.equal(persist.mock.callCount(), 0);
    for (let i = 0; i < 2; i++) await storage.write([{ table: 'session', key: 'sign-in', value: i }]);
    await until('the question', () => persist.mock.callCount() > 0);
    await storage.close();
    if (original) Object.defineProperty(globalThis, 'navigator', original);
    else Reflect.deleteProperty(globalThis, 'navigator');
    assert.equal(persist.mock.callCount(), 1);
  });
});

const refusing = (why: () => Error): Factory =>
  ({
    open: () => {
      throw why();
    },
  }) as unknown as Factory;

/** One whose disk cannot be read. */
function broken(): Factory {
  const open = (): object => {
    const request: { error: Error; onerror?: () => void } = {
      error: new DOMException('Bad.', 'UnknownError'),
    };
    queueMicrotask(() => request.onerror?.());
    return request;
  };
  return { open } as unknown as Factory;
}
