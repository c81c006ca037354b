import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { SigningKeys } from '../../api/auth/keys.ts';
import { issueToken } from '../../cli/issue-token.ts';
import { createConfig } from '../../schemas/config.ts';
import { openSqliteDirectory } from '../../store/directory/sql/sqlite.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'petrel-token-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const claims = { uid: 'alice', ttl: 60, scope: 'admin', did: 'd1', platform: 'web' } as const;

describe('petrel token', () => {
  it('signs with auth.secret where there is one', async () => {
    const secret = '0123456789abcdef0123456789abcdef';
    const token = await issueToken(createConfig({ dataDir, auth: { secret } }), claims);
    const { payload, protectedHeader } = await jwtVerify(token, Buffer.from(secret));
    assert.equal(protectedHeader.alg, 'HS256');
    const { sub, scope, did, plat, exp, iat } = payload;
    assert.deepEqual([sub, scope, did, plat, exp! - iat!], ['alice', 'admin', 'd1', 'web', 60]);
  });

  it('signs with the keys of the data folder while another process has it open', async () => {
    const directory = await openSqliteDirectory({ dir: dataDir });
    try {
      const keys = await SigningKeys.open({ directory, accessTtl: 900 });
      const token = await issueToken(createConfig({ dataDir }), claims);
      const { kid } = (await keys.published()).keys[0]!;
      const { payload } = await jwtVerify(token, (await keys.publicKey(kid!))!, {
        issuer: 'petrel',
        audience: 'petrel',
      });
      const { sub, scope, did, plat, exp, iat } = payload;
      assert.deepEqual([sub, scope, did, plat, exp! - iat!], ['alice', 'admin', 'd1', 'web', 60]);
    } finally {
      await directory.close();
    }
  });

  it('makes no keys in a folder that no server has used', async () => {
    await assert.rejects(issueToken(createConfig({ dataDir }), claims), /there are no keys in/);
  });
});
