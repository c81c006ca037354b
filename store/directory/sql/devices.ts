import type { Platform } from '../../../schemas/identity.ts';
import { chunked } from '../../chunks.ts';
import { type Absence, type Device, type DirectoryDevices, maxDevices, type SeenDevice } from '../devices.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { present } from './rows.ts';
import { inTransaction } from './transaction.ts';

const perTransaction = 500;
/** SQLite takes a thousand terms of one `or`. */
const perUpdate = 200;
const maxCollisions = 10;

/** A client id may be any text: as the key of a row it is printable ASCII, so that no collation changes what is equal. */
const toKey = (did: string): string => did.replaceAll(/[^!-$&-~]/gu, encodeURIComponent);
const fromKey = (key: string): string => decodeURIComponent(key);

interface Row {
  readonly uid: string;
  readonly did: string;
  readonly platform: string | null;
  readonly name: string | null;
}

type Seen = SeenDevice & { readonly key: string };

const rowKey = (uid: string, did: string): string => `${uid}/${did}`;

/** Whether the row already says what was seen, but for the time. */
const isSame = (row: Row, { platform, name }: Seen): boolean =>
  (platform === undefined || platform === row.platform) && (name === undefined || name === row.name);

async function seeOnce(tx: Database, flavor: SqlFlavor, seen: readonly Seen[]): Promise<Seen[]> {
  const uids = [...new Set(seen.map(({ uid }) => uid))];
  const rows = await tx
    .selectFrom('devices')
    .select(['uid', 'did', 'platform', 'name'])
    .where('uid', 'in', uids)
    .execute();
  const known = new Map(rows.map((row) => [rowKey(row.uid, row.did), row]));
  const times = new Map<number, Seen[]>();
  const made: Seen[] = [];
  for (const one of seen) {
    const row = known.get(rowKey(one.uid, one.key));
    if (row === undefined) {
      if (one.left !== true) made.push(one);
    } else if (isSame(row, one)) times.set(one.lastSeen, [...(times.get(one.lastSeen) ?? []), one]);
    else await change(tx, one);
  }
  for (const [lastSeen, ones] of times)
    for (const chunk of chunked(ones, perUpdate)) await touch(tx, lastSeen, chunk);
  if (made.length === 0) return made;
  await tx
    .insertInto('devices')
    .values(
      made.map(({ uid, key, platform, name, lastSeen }) => ({
        ...{ uid, did: key, platform: platform ?? null, name: name ?? null },
        ...{ created_at: lastSeen, last_seen: lastSeen },
      })),
    )
    .execute();
  await prune(tx, flavor, [...new Set(made.map(({ uid }) => uid))]);
  return made;
}

async function touch(tx: Database, lastSeen: number, ones: readonly Seen[]): Promise<void> {
  await tx
    .updateTable('devices')
    .set({ last_seen: lastSeen })
    .where('last_seen', '<', lastSeen)
    .where((where) => where.or(ones.map(({ uid, key }) => where.and({ uid, did: key }))))
    .execute();
}

async function change(tx: Database, { uid, key, platform, name, lastSeen }: Seen): Promise<void> {
  await tx
    .updateTable('devices')
    .set({
      ...(platform !== undefined && { platform }),
      ...(name !== undefined && { name }),
    })
    .where('uid', '=', uid)
    .where('did', '=', key)
    .execute();
  await touch(tx, lastSeen, [{ uid, did: '', key, lastSeen }]);
}

/** Beyond what is kept of a user, those go that were not seen for longest. */
async function prune(tx: Database, flavor: SqlFlavor, uids: readonly string[]): Promise<void> {
  const many = await tx
    .selectFrom('devices')
    .select('uid')
    .where('uid', 'in', uids)
    .groupBy('uid')
    .having((count) => count.fn.countAll(), '>', maxDevices)
    .execute();
  for (const { uid } of many) {
    const rows = await tx
      .selectFrom('devices')
      .select('did')
      .where('uid', '=', uid)
      .orderBy('last_seen', 'desc')
      .orderBy('created_at', 'desc')
      .orderBy('did')
      .execute();
    for (const chunk of chunked(rows.slice(maxDevices), flavor.maxParameters - 1))
      await tx
        .deleteFrom('devices')
        .where('uid', '=', uid)
        .where(
          'did',
          'in',
          chunk.map(({ did }) => did),
        )
        .execute();
  }
}

export function sqlDevices(db: Database, flavor: SqlFlavor): DirectoryDevices {
  const seeDevices = async (devices: readonly SeenDevice[]): Promise<SeenDevice[]> => {
    const unique = new Map<string, Seen>();
    for (const device of devices) {
      const key = toKey(device.did);
      unique.set(rowKey(device.uid, key), { ...device, key });
    }
    // In one order everywhere, so that two nodes do not wait for each other.
    const seen = [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
    const made: SeenDevice[] = [];
    for (const chunk of chunked(seen, perTransaction)) {
      for (let attempt = 1; ; attempt++) {
        try {
          const added = await inTransaction(db, flavor, (tx) => seeOnce(tx, flavor, chunk));
          for (const { key: _, ...device } of added) made.push(device);
          break;
        } catch (error) {
          // Another node made one of them meanwhile: look again.
          if (attempt === maxCollisions || !flavor.isDuplicate(error)) throw error;
        }
      }
    }
    return made;
  };

  /** Writes to the user's row of `absences`, which is made where it is missing. */
  const putAbsence = async (
    uid: string,
    values: { status?: string; status_at?: number; hidden_at?: number },
  ): Promise<void> => {
    const update = () => {
      const all = db.updateTable('absences').set(values).where('uid', '=', uid);
      // Two nodes may write at the same time: the newest status stays.
      if (values.status_at !== undefined) return all.where('status_at', '<=', values.status_at).execute();
      const first = (values.hidden_at ?? 0) > 0;
      return (first ? all.where('hidden_at', '=', 0) : all).execute();
    };
    const known = await db.selectFrom('absences').select('uid').where('uid', '=', uid).executeTakeFirst();
    if (known !== undefined) return void (await update());
    try {
      await db
        .insertInto('absences')
        .values({ uid, ...values })
        .execute();
    } catch (error) {
      if (!flavor.isDuplicate(error)) throw error;
      await update();
    }
  };

  return {
    seeDevices,

    async seeDevice(device) {
      return (await seeDevices([device])).length > 0;
    },

    async devicesOf(uid) {
      const rows = await db.selectFrom('devices').selectAll().where('uid', '=', uid).orderBy('did').execute();
      return rows.map((row) =>
        present<Device>({
          uid: row.uid,
          did: fromKey(row.did),
          platform: row.platform as Platform | null,
          name: row.name,
          createdAt: row.created_at,
          lastSeen: row.last_seen,
        }),
      );
    },

    async revokeDevice(uid, did, at) {
      return inTransaction(db, flavor, async (tx) => {
        const rows = await tx
          .selectFrom('families')
          .select('sid')
          .where('uid', '=', uid)
          .where('did', '=', did)
          .where('revoked_at', '=', 0)
          .execute();
        const sids = rows.map(({ sid }) => sid);
        for (const chunk of chunked(sids, flavor.maxParameters - 1))
          await tx.updateTable('families').set({ revoked_at: at }).where('sid', 'in', chunk).execute();
        return sids;
      });
    },

    async removeDevice(uid, did) {
      const { numDeletedRows } = await db
        .deleteFrom('devices')
        .where('uid', '=', uid)
        .where('did', '=', toKey(did))
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },

    async absences(uids) {
      const found = new Map<string, Absence>();
      for (const chunk of chunked(uids, flavor.maxParameters)) {
        const [seen, kept] = await Promise.all([
          db
            .selectFrom('devices')
            .select((select) => ['uid', select.fn.max('last_seen').as('last_seen')])
            .where('uid', 'in', chunk)
            .groupBy('uid')
            .execute(),
          db.selectFrom('absences').selectAll().where('uid', 'in', chunk).execute(),
        ]);
        for (const row of seen)
          found.set(row.uid, { lastSeen: Number(row.last_seen), statusAt: 0, hiddenAt: 0 });
        for (const row of kept)
          found.set(row.uid, {
            lastSeen: found.get(row.uid)?.lastSeen ?? 0,
            ...(row.status !== null && { status: row.status }),
            statusAt: row.status_at,
            hiddenAt: row.hidden_at,
          });
      }
      return found;
    },

    putStatus: (uid, status, at) => putAbsence(uid, { status, status_at: at }),
    putHidden: (uid, at) => putAbsence(uid, { hidden_at: at }),
  };
}
