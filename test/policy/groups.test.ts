import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  type GroupActor,
  groupActions,
  groupPermissions,
  mayActOn,
  mayInGroup,
} from '../../policy/groups.ts';
import { groupRoles } from '../../store/directory.ts';

const columns = ['owner', 'admin', 'member', 'system'] as const satisfies readonly GroupActor[];

describe('the table of what may be done in a group', () => {
  it('is the one in docs/protocol.md', () => {
    const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
    const [, table] = /\| action \| owner \| admin \| member \| backend \| \|\n\|[-|]+\n((?:\|.*\n)+)/.exec(
      page,
    )!;
    const documented = table!
      .trimEnd()
      .split('\n')
      .map((row) =>
        row
          .split('|')
          .slice(1, 6)
          .map((cell) => cell.trim()),
      );
    const expected = groupActions.map((action) => [
      `\`${action}\``,
      ...columns.map((actor) => (mayInGroup(actor, action) ? 'yes' : '')),
    ]);
    assert.deepEqual(documented, expected);
  });

  it('lets outsiders do nothing but join', () => {
    assert.deepEqual(
      groupActions.filter((action) => mayInGroup('outsider', action)),
      ['join'],
    );
  });

  it('gives an owner all that an admin has, and an admin all that a member has, but leaving', () => {
    for (const action of groupActions.filter((one) => one !== 'leave')) {
      const allowed: readonly GroupActor[] = groupPermissions[action];
      if (allowed.includes('member')) assert.ok(allowed.includes('admin'), action);
      if (allowed.includes('admin')) assert.ok(allowed.includes('owner'), action);
    }
  });

  it('is held against those below one, and never mutes or removes the owner', () => {
    for (const actor of ['owner', 'admin', 'member', 'outsider', 'system'] as const)
      for (const action of ['members.mute', 'members.remove'] as const)
        assert.equal(mayActOn(actor, action, 'owner'), false);
    const below = (actor: GroupActor) => groupRoles.filter((role) => mayActOn(actor, 'members.mute', role));
    assert.deepEqual(
      columns.map((actor) => below(actor)),
      [['admin', 'member'], ['member'], [], ['admin', 'member']],
    );
    assert.equal(mayActOn('system', 'nick.others', 'owner'), true);
    assert.equal(mayActOn('admin', 'nick.others', 'owner'), false);
  });
});
