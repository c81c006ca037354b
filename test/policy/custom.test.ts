import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { filtersMeet, TopicPolicy, TopicRights, type TopicRule } from '../../policy/custom.ts';
import { filterCovers, filterMatcher, filterMatches, isReserved } from '../../schemas/topics.ts';

const user = (uid: string, ...scopes: string[]) => ({ uid, scopes: new Set(scopes) });
const rights = (rules: readonly TopicRule[], uid = 'alice', ...scopes: string[]) =>
  new TopicRights(rules, user(uid, ...scopes));

/** Every topic of up to four levels over a small alphabet: enough to tell the filters below apart. */
const letters = ['', 'a', 'b'];
const topics: string[] = [];
for (let depth = 1, last = ['']; depth <= 4; depth++) {
  last = last.flatMap((head) => letters.map((level) => (depth === 1 ? level : `${head}/${level}`)));
  topics.push(...last.filter((topic) => topic !== ''));
}

const filters = fc
  .tuple(fc.array(fc.constantFrom('', 'a', 'b', '+'), { maxLength: 3 }), fc.boolean())
  .map(([levels, rest]) => [...levels, ...(rest ? ['#'] : [])].join('/'))
  .filter((filter) => filter !== '');

/** A filter as a regular expression: another reading of the same rules. */
function expression(filter: string): RegExp {
  const source = filter
    .split('/')
    .map((level) => (level === '+' ? '[^/]*' : level))
    .join('/');
  if (source === '#') return /^.*$/;
  return new RegExp(source.endsWith('/#') ? `^${source.slice(0, -2)}(/.*)?$` : `^${source}$`);
}

describe('filters', () => {
  it('match the topics that a regular expression of the filter matches', () => {
    fc.assert(
      fc.property(filters, fc.constantFrom(...topics), (filter, topic) => {
        assert.equal(filterMatches(filter, topic), expression(filter).test(topic));
        assert.equal(filterMatcher(filter)(topic), expression(filter).test(topic));
      }),
    );
  });

  it('cover another exactly where they match every topic it matches', () => {
    fc.assert(
      fc.property(filters, filters, (outer, inner) => {
        const brute = ['', ...topics].every(
          (topic) => !filterMatches(inner, topic) || filterMatches(outer, topic),
        );
        assert.equal(filterCovers(outer, inner), brute, `${outer} covers ${inner}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('meet exactly where some topic is matched by both', () => {
    fc.assert(
      fc.property(filters, filters, (a, b) => {
        const brute = ['', ...topics].some((topic) => filterMatches(a, topic) && filterMatches(b, topic));
        assert.equal(filtersMeet(a, b), brute, `${a} meets ${b}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('with a wildcard first do not cover topics that start with $', () => {
    assert.equal(filterCovers('#', '$SYS/x'), false);
    assert.equal(filterCovers('+/x', '$SYS/x'), false);
    assert.equal(filterCovers('$SYS/#', '$SYS/x'), true);
  });
});

describe('topics.custom', () => {
  it('refuses what no rule matches', () => {
    const none = rights([]);
    assert.equal(none.mayPublish('a'), false);
    assert.equal(none.access('a'), 'none');
    assert.equal(none.mayReceive('a'), false);
  });

  it('lets the first rule that matches decide, and what it does not name is refused', () => {
    const some = rights([
      { match: 'a/secret', allow: ['publish'] },
      { match: 'a/#', allow: ['subscribe'] },
      { match: '#', allow: ['publish', 'subscribe'] },
    ]);
    assert.equal(some.mayPublish('a/secret'), true);
    assert.equal(some.access('a/secret'), 'none');
    assert.equal(some.mayPublish('a/b'), false);
    assert.equal(some.access('a/b'), 'all');
    assert.equal(some.mayPublish('b'), true);
  });

  it('passes over rules for another user or scope', () => {
    const rules: TopicRule[] = [
      { match: 'a', allow: ['publish'], uid: 'bob' },
      { match: 'a', allow: ['subscribe'], scope: 'iot' },
      { match: 'b', allow: ['publish'], uid: 'alice', scope: 'iot' },
      { match: 'c', allow: ['publish'], uid: 'anonymous' },
    ];
    assert.equal(rights(rules, 'bob').mayPublish('a'), true);
    assert.equal(rights(rules, 'alice').mayPublish('a'), false);
    assert.equal(rights(rules, 'alice').access('a'), 'none');
    assert.equal(rights(rules, 'alice', 'iot').access('a'), 'all');
    assert.equal(rights(rules, 'alice').mayPublish('b'), false);
    assert.equal(rights(rules, 'alice', 'iot').mayPublish('b'), true);
    assert.equal(rights(rules, 'anonymous').mayPublish('c'), true);
    assert.equal(rights(rules, 'alice').mayPublish('c'), false);
  });

  it("puts the client's own uid in the place of {uid}, as plain text", () => {
    const rules: TopicRule[] = [{ match: 'users/{uid}/dev-{uid}/#', allow: ['publish', 'subscribe'] }];
    assert.equal(rights(rules, 'bob').mayPublish('users/bob/dev-bob/x'), true);
    assert.equal(rights(rules, 'bob').mayPublish('users/alice/dev-alice/x'), false);
    assert.equal(rights(rules, 'bob').access('users/+/dev-bob/#'), 'none');
    assert.equal(rights(rules, '$&').mayPublish('users/$&/dev-$&/x'), true);
    for (const odd of ['+', '#', 'a/b', 'x+']) {
      assert.equal(rights(rules, odd).mayPublish(`users/${odd}/dev-${odd}/x`), false);
    }
  });

  it('decides a subscription by the first rule that covers its filter', () => {
    const rules: TopicRule[] = [
      { match: 'a/+', allow: ['publish'] },
      { match: 'a/#', allow: ['subscribe'] },
    ];
    assert.equal(rights(rules).access('a/+'), 'none');
    assert.equal(rights(rules).access('a/b'), 'none');
    assert.equal(rights(rules).access('a/b/c'), 'all');
    assert.equal(rights(rules).access('a/#'), 'some');
    assert.equal(rights(rules).mayReceive('a/b'), false);
    assert.equal(rights(rules).mayReceive('a'), true);
    assert.equal(rights(rules).access('#'), 'none');
  });

  it('never gives the topics of the chat away', () => {
    const open = rights([{ match: '#', allow: ['publish', 'subscribe'] }]);
    for (const topic of ['send/u/bob', 'u/bob', 'g/x', 'n/bob', 'read/u/x', 'presence/x', 'req/x', 'res/x']) {
      assert.equal(open.mayPublish(topic), false);
      assert.equal(open.access(topic), 'none');
    }
    assert.equal(rights([{ match: '{uid}/#', allow: ['publish'] }], 'u').mayPublish('u/bob'), false);
    assert.equal(open.mayPublish('$SYS/x'), false);
  });

  it('opens $SYS to the scope admin alone, for reading', () => {
    const rules: TopicRule[] = [{ match: '$SYS/#', allow: ['publish', 'subscribe'] }];
    assert.equal(rights(rules).access('$SYS/#'), 'none');
    assert.equal(rights([], 'root', 'admin').access('$SYS/#'), 'all');
    assert.equal(rights([], 'root', 'admin').access('$SYS/broker/version'), 'all');
    assert.equal(rights([], 'root', 'admin').access('$other/#'), 'none');
    assert.equal(rights(rules, 'root', 'admin').mayPublish('$SYS/x'), false);
  });

  const rule: fc.Arbitrary<TopicRule> = fc.record({
    match: filters,
    allow: fc.constantFrom<TopicRule['allow']>(['publish'], ['subscribe'], ['publish', 'subscribe']),
  });

  it('brings nothing by a wildcard that the client might not subscribe to', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), filters, (rules, filter) => {
        const mine = rights(rules);
        const access = mine.access(filter);
        if (access !== 'all') return;
        for (const topic of topics) {
          if (!isReserved(topic) && filterMatches(filter, topic)) assert.ok(mine.mayReceive(topic), topic);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same answers from its cache', () => {
    const mine = rights([
      { match: 'a/+/b', allow: ['publish'] },
      { match: 'a/#', allow: ['subscribe'] },
    ]);
    for (let i = 0; i < 1000; i++) {
      assert.equal(mine.mayReceive(`a/${i % 400}/b`), false);
      assert.equal(mine.mayReceive(`a/${i % 400}`), true);
    }
  });

  it('keeps the rights of an identity, not of a uid', () => {
    const policy = new TopicPolicy([{ match: 'a', allow: ['publish'], scope: 'iot' }]);
    const before = user('alice');
    assert.equal(policy.rightsOf(before), policy.rightsOf(before));
    assert.equal(policy.rightsOf(before).mayPublish('a'), false);
    assert.equal(policy.rightsOf(user('alice', 'iot')).mayPublish('a'), true);
  });
});
