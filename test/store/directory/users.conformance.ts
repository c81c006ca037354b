import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Directory } from '../../../store/directory.ts';
import type { DirectoryFixture } from './conformance.ts';

/** What store/directory/users.ts promises, for every implementation. */
export function usersConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  describe(`users in the directory on ${name}`, () => {
    let fixture: DirectoryFixture;
    let directory: Directory;
    const user = (uid: string, label?: string) =>
      directory.createUser({
        uid,
        ...(label !== undefined && { name: label }),
        createdAt: 1000,
        origin: 'registered',
      });

    beforeEach(async () => {
      fixture = await open();
      directory = fixture.directory;
    });
    afterEach(() => fixture.end());

    it('knows the facts of a user, and of nobody', async () => {
      await user('alice');
      const fresh = { exists: true, removed: false, invisible: false, readReceipts: true };
      assert.deepEqual(await directory.userFacts('alice'), fresh);
      assert.deepEqual(await directory.userFacts('nobody'), { ...fresh, exists: false });
    });
  });
}
