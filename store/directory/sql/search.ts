import { sql } from 'kysely';
import { isUid } from '../../../schemas/identity.ts';
import type { FoundUser, SearchPlace, UserSearch } from '../../directory.ts';
import type { Database } from './dialect.ts';
import { prepared } from './prepared.ts';
import { present } from './rows.ts';
import { soughtWord } from './words.ts';

/** Above every text that begins with what stands before it. */
const highest = '\u{10ffff}';
const start: SearchPlace = { word: '', uid: '' };
const one = sql<number>`1`.as('x');
const named = ['sought', 'end', 'same', 'asker', 'word', 'uid', 'limit'] as const;
type Marks = Record<(typeof named)[number], string>;

/** The first of each user's words that begins so; without the one whose uid is exactly this, who comes first. */
const matches = (db: Database, { sought, end, same, asker, limit }: Marks) =>
  db
    .selectFrom('user_words as w')
    .select(['w.uid', 'w.word'])
    .where('w.word', '<', end)
    .where('w.uid', '!=', same)
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
    .orderBy('w.uid')
    .limit(sql<number>`${limit}`);

/** Whom anyone may find: read in the order of their index. */
const anyones = (db: Database, marks: Marks) => matches(db, marks).where('w.discoverable', '=', 1);

/** The asker and their friends: their words alone are looked at. */
const owns = (db: Database, marks: Marks) =>
  matches(db, marks)
    .where('w.word', '>=', marks.sought)
    .where('w.uid', 'in', ({ selectFrom }) =>
      selectFrom('friends')
        .select('friends.friend as uid')
        .where('friends.uid', '=', marks.asker)
        .unionAll(selectFrom('users').select('users.uid').where('users.uid', '=', marks.asker)),
    )
    .where(({ and, eb, or }) =>
      or([eb('w.word', '>', marks.word), and([eb('w.word', '=', marks.word), eb('w.uid', '>', marks.uid)])]),
    );

/** The user with exactly this uid, where the asker may find them. */
const exactly = (db: Database, { same, asker }: Marks) =>
  db
    .selectFrom('users as u')
    .select('u.uid')
    .where('u.uid', '=', same)
    .where('u.removed_at', '=', 0)
    .where(({ eb, exists, or, selectFrom }) =>
      or([
        eb('u.discoverable', '=', 1),
        eb('u.uid', '=', asker),
        exists(selectFrom('friends').select(one).where('friends.uid', '=', asker).where('friend', '=', same)),
      ]),
    )
    .where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom('blocks')
            .select(one)
            .where(({ and, or }) =>
              or([and({ uid: asker, blocked: same }), and({ uid: same, blocked: asker })]),
            ),
        ),
      ),
    );

/** The database's order: by bytes. */
const inOrder = (a: SearchPlace, b: SearchPlace): number =>
  Buffer.compare(Buffer.from(a.word), Buffer.from(b.word)) || (a.uid < b.uid ? -1 : 1);

/** Several short reads rather than one: none passes over the rows of another. */
export function sqlSearch(db: Database): (search: UserSearch) => Promise<FoundUser[]> {
  const exact = prepared(db, named, (marks) => exactly(db, marks));
  const own = prepared(db, named, (marks) => owns(db, marks));
  const first = prepared(db, named, (marks) => anyones(db, marks).where('w.word', '>=', marks.sought));
  const rest = prepared(db, named, (marks) =>
    anyones(db, marks).where('w.word', '=', marks.word).where('w.uid', '>', marks.uid),
  );
  const next = prepared(db, named, (marks) => anyones(db, marks).where('w.word', '>', marks.word));

  const open = async (values: Record<keyof Marks, string | number>, limit: number) => {
    if (values.word === '') return first(values);
    const found = await rest(values);
    return found.length === limit
      ? found
      : [...found, ...(await next({ ...values, limit: limit - found.length }))];
  };

  /** The users at these places, in their order. */
  const profiles = async (places: readonly SearchPlace[]): Promise<FoundUser[]> => {
    if (places.length === 0) return [];
    const rows = await db
      .selectFrom('users')
      .select(['uid', 'name', 'avatar', 'bio', 'created_at'])
      .where(
        'uid',
        'in',
        places.map(({ uid }) => uid),
      )
      .where('removed_at', '=', 0)
      .execute();
    const known = new Map(rows.map((row) => [row.uid, row]));
    return places.flatMap((place) => {
      const row = known.get(place.uid);
      if (row === undefined) return [];
      const { uid, name, avatar, bio, created_at: createdAt } = row;
      return [{ ...present<Omit<FoundUser, 'place'>>({ uid, name, avatar, bio, createdAt }), place }];
    });
  };

  return async ({ text, asker, after = start, limit }) => {
    const sought = soughtWord(text);
    if (sought === '') return [];
    const values = {
      sought,
      end: `${sought}${highest}`,
      // What is no uid is nobody's, and not to be compared with one.
      same: isUid(sought) ? sought : '',
      asker,
      word: after.word,
      uid: after.uid,
      limit,
    };
    const [same, others, friends] = await Promise.all([
      after === start ? exact(values) : [],
      open(values, limit),
      own(values),
    ]);
    const found = new Map([...others, ...friends].sort(inOrder).map((place) => [place.uid, place]));
    // The place of who comes first is the start of the others.
    const places = [...same.map(({ uid }) => ({ word: '', uid })), ...found.values()];
    return profiles(places.slice(0, limit));
  };
}
