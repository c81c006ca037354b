import { sql } from 'kysely';
import type { FoundUser, SearchPlace, UserSearch } from '../../directory.ts';
import type { Database } from './dialect.ts';
import { present } from './rows.ts';
import { soughtWord } from './words.ts';

/** Above every text that begins with what stands before it. */
const highest = '\u{10ffff}';
const start: SearchPlace = { word: '', uid: '' };
const one = sql<number>`1`.as('x');

/** Users with the first of their words that begins so; without the one whose uid is exactly this, who comes first. */
const matches = (db: Database, sought: string, asker: string) =>
  db
    .selectFrom('user_words as w')
    .innerJoin('users as u', 'u.uid', 'w.uid')
    .select(['w.uid', 'w.word', 'u.name', 'u.avatar', 'u.bio', 'u.created_at'])
    .where('w.word', '<', `${sought}${highest}`)
    .where('w.uid', '!=', sought)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('user_words as v')
            .select(one)
            .whereRef('v.uid', '=', 'w.uid')
            .whereRef('v.word', '<', 'w.word')
            .where('v.word', '>=', sought),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('blocks').select(one).where('blocks.uid', '=', asker).whereRef('blocked', '=', 'w.uid'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('blocks').select(one).whereRef('blocks.uid', '=', 'w.uid').where('blocked', '=', asker),
        ),
      ),
    )
    .orderBy('w.word')
    .orderBy('w.uid');

type Found = Awaited<ReturnType<ReturnType<typeof matches>['execute']>>[number];

/** Whom anyone may find, read in the order of their index: first the rest of the place's own word. */
async function open(
  db: Database,
  sought: string,
  asker: string,
  place: SearchPlace,
  limit: number,
): Promise<Found[]> {
  const anyone = matches(db, sought, asker).where('w.discoverable', '=', 1);
  if (place.word === '') return anyone.where('w.word', '>=', sought).limit(limit).execute();
  const rest = await anyone
    .where('w.word', '=', place.word)
    .where('w.uid', '>', place.uid)
    .limit(limit)
    .execute();
  if (rest.length === limit) return rest;
  const more = await anyone
    .where('w.word', '>', place.word)
    .limit(limit - rest.length)
    .execute();
  return [...rest, ...more];
}

/** The asker and their friends: their words alone are looked at. */
const own = (
  db: Database,
  sought: string,
  asker: string,
  place: SearchPlace,
  limit: number,
): Promise<Found[]> =>
  matches(db, sought, asker)
    .where('w.word', '>=', sought)
    .where('w.uid', 'in', ({ selectFrom }) =>
      selectFrom('friends')
        .select('friends.friend as uid')
        .where('friends.uid', '=', asker)
        .unionAll(selectFrom('users').select('users.uid').where('users.uid', '=', asker)),
    )
    .where(({ and, eb, or }) =>
      or([eb('w.word', '>', place.word), and([eb('w.word', '=', place.word), eb('w.uid', '>', place.uid)])]),
    )
    .limit(limit)
    .execute();

/** The user with exactly this uid, where the asker may find them. */
const exactly = (db: Database, uid: string, asker: string) =>
  db
    .selectFrom('users as u')
    .select(['u.uid', 'u.name', 'u.avatar', 'u.bio', 'u.created_at'])
    .where('u.uid', '=', uid)
    .where('u.removed_at', '=', 0)
    .where(({ eb, exists, or, selectFrom }) =>
      or([
        eb('u.discoverable', '=', 1),
        eb('u.uid', '=', asker),
        exists(selectFrom('friends').select(one).where('friends.uid', '=', asker).where('friend', '=', uid)),
      ]),
    )
    .where(({ and, exists, not, or, selectFrom }) =>
      not(
        exists(
          selectFrom('blocks')
            .select(one)
            .where((where) =>
              or([
                and([where('blocks.uid', '=', asker), where('blocked', '=', uid)]),
                and([where('blocks.uid', '=', uid), where('blocked', '=', asker)]),
              ]),
            ),
        ),
      ),
    )
    .executeTakeFirst();

const toFound = (row: Omit<Found, 'word'>, place: SearchPlace): FoundUser => ({
  ...present<Omit<FoundUser, 'place'>>({
    uid: row.uid,
    name: row.name,
    avatar: row.avatar,
    bio: row.bio,
    createdAt: row.created_at,
  }),
  place,
});

/** The database's order: by bytes. */
const inOrder = (a: Found, b: Found): number =>
  Buffer.compare(Buffer.from(a.word), Buffer.from(b.word)) || (a.uid < b.uid ? -1 : 1);

/** Two reads rather than one: neither passes over the rows of the other. */
export async function searchUsers(
  db: Database,
  { text, asker, after, limit }: UserSearch,
): Promise<FoundUser[]> {
  const sought = soughtWord(text);
  if (sought === '') return [];
  const place = after ?? start;
  const [exact, anyones, owns] = await Promise.all([
    after === undefined ? exactly(db, sought, asker) : undefined,
    open(db, sought, asker, place, limit),
    own(db, sought, asker, place, limit),
  ]);
  const found = new Map([...anyones, ...owns].sort(inOrder).map((row) => [row.uid, row]));
  return [
    ...(exact === undefined ? [] : [toFound(exact, start)]),
    ...[...found.values()].map((row) => toFound(row, { word: row.word, uid: row.uid })),
  ].slice(0, limit);
}
