import { ClientError } from '../../errors.ts';
import { tables } from '../tables.ts';

/** 1: a store for each table. */
const version = 1;

/** A database that is not there, and never will be for this page: as where the browser keeps nothing in private windows. */
export class NoDatabase extends Error {
  override readonly name = 'NoDatabase';
}

/**
 * Opens the database, or makes it. `onBlocked` where a page of an earlier version keeps it from that: it goes on as soon as
 * that page is closed. Rejects with NoDatabase, or with ClientError where a later version has it.
 */
export function openDatabase(
  factory: IDBFactory | undefined,
  name: string,
  onBlocked: () => void,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    if (factory === undefined) {
      reject(new NoDatabase('There is no IndexedDB.'));
      return;
    }
    let request: IDBOpenDBRequest;
    try {
      request = factory.open(name, version);
    } catch (error) {
      reject(new NoDatabase('IndexedDB is not allowed here.', { cause: error }));
      return;
    }
    request.onupgradeneeded = () => {
      const there = request.result.objectStoreNames;
      for (const table of tables) if (!there.contains(table)) request.result.createObjectStore(table);
    };
    request.onblocked = onBlocked;
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => {
      const { error } = request;
      reject(
        error?.name === 'VersionError' ? ofLaterVersion() : new NoDatabase(error?.message, { cause: error }),
      );
    };
  });
}

const ofLaterVersion = (): ClientError =>
  new ClientError('client.storage', 'What is kept here is of a later version: load the page again.');

/** The browser's; some throw where it is looked at. */
export function ownFactory(): IDBFactory | undefined {
  try {
    return globalThis.indexedDB;
  } catch {
    return undefined;
  }
}

/** The answer of a transaction when it is done: rejects where it was taken back. */
export function finished<T>(transaction: IDBTransaction, answer: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(answer());
    transaction.onabort = () => reject(transaction.error ?? new Error('The transaction was taken back.'));
  });
}
