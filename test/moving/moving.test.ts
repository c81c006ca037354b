import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MovingError, Stopped } from '../../moving/errors.ts';
import { exportStore } from '../../moving/export.ts';
import { importStore } from '../../moving/import.ts';
import { type Manifest, readManifest } from '../../moving/manifest.ts';
import { type Compared, verifyFolder } from '../../moving/verify.ts';
import type { Progress, Watch } from '../../moving/watch.ts';
import { type ClosableStore, fillStore, openEmbedded } from './filled-store.ts';

/** Nobody looks, and nobody stops it, unless `stop` says so. */
const watch = (stop: (progress: Progress) => boolean = () => false): Watch => {
  let isStopped = false;
  return {
    tell(progress) {
      isStopped ||= stop(progress);
    },
    say: () => {},
    isStopped: () => isStopped,
  };
};

describe('a store that is moved', () => {
  let root: string;
  let source: string;
  /** What `source` became, a manifest of it, and a store that was made of it. */
  let exported: string;
  let whole: Manifest;
  let imported: string;
  let compared: readonly Compared[];
  /** A store that stays empty. */
  let empty: string;
  let made = 0;
  /** Stores that are open, by folder. */
  const open = new Map<string, ClosableStore>();
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'petrel-moving-'));
    source = join(root, 'source');
    // More users than are read at once.
    await fillStore(source, { users: 210 });
    exported = folder();
    whole = await takeOut(source, exported);
    imported = folder();
    compared = await bringIn(exported, imported);
    empty = folder();
  });
  after(async () => {
    for (const store of open.values()) await store.close();
    rmSync(root, { recursive: true, force: true });
  });

  const folder = (): string => join(root, `folder-${++made}`);

  async function withStore<T>(dir: string, use: (store: ClosableStore) => Promise<T>): Promise<T> {
    const store = open.get(dir) ?? (await openEmbedded(dir));
    open.set(dir, store);
    return use(store);
  }

  const takeOut = (dir: string, to: string, by = watch(), partChars = 20_000): Promise<Manifest> =>
    withStore(dir, (store) =>
      exportStore({ store, source: dir, folder: to, version: '1.0.0', watch: by, partChars }),
    );
  const bringIn = (from: string, dir: string, by = watch()) =>
    withStore(dir, (store) => importStore({ store, target: dir, folder: from, watch: by }));

  const exportedCopy = (): string => {
    const copy = folder();
    cpSync(exported, copy, { recursive: true });
    return copy;
  };

  const sums = ({ sections }: Manifest) =>
    sections.map(({ name, records, checksum }) => `${name} ${records} ${checksum}`);

  it('is the same again: every section, event by event', async () => {
    const second = folder();
    assert.ok(whole.sections.every(({ records }) => records > 0));
    assert.deepEqual(
      compared.map(({ name, found }) => [name, found?.records]),
      whole.sections.map(({ name, records }) => [name, records]),
    );
    const again = await takeOut(imported, second);
    assert.deepEqual(sums(again), sums(whole));
    // The parts too, to the byte.
    assert.deepEqual(again.sections, whole.sections);
    await verifyFolder(second, watch());
  });

  it('is written into parts of bounded size, however large a section is', () => {
    const events = whole.sections.find(({ name }) => name === 'timeline.events')!;
    assert.ok(events.parts.length >= 3);
    assert.equal(
      events.parts.reduce((sum, { records }) => sum + records, 0),
      events.records,
    );
  });

  it('goes on after it was stopped anywhere, and ends the same', async () => {
    const to = folder();
    for (let stops = 0; ; stops++) {
      let told = 0;
      // A little further each time.
      const stopping = watch(() => ++told > 3 + stops);
      try {
        assert.deepEqual(sums(await takeOut(source, to, stopping)), sums(whole));
        assert.ok(stops > 3);
        break;
      } catch (error) {
        assert.ok(error instanceof Stopped, String(error));
      }
    }
    const copy = folder();
    for (let stops = 0; ; stops++) {
      let told = 0;
      const stopping = watch(({ task }) => task === 'import' && ++told > 2);
      try {
        const compared = await bringIn(to, copy, stopping);
        assert.ok(compared.every(({ records, found }) => records === found?.records));
        assert.ok(stops > 3);
        break;
      } catch (error) {
        assert.ok(error instanceof Stopped, String(error));
      }
    }
    assert.deepEqual(sums(await takeOut(copy, folder())), sums(whole));
  });

  it('is not written into a store that has something, nor over an export', async () => {
    const to = exportedCopy();
    await assert.rejects(takeOut(source, to), MovingError);
    await assert.rejects(bringIn(to, source), /not empty/);
    await assert.rejects(bringIn(to, imported), /not empty/);
  });

  it('does not go on with another store, or with one that has changed', async () => {
    const stopped = () => watch(({ section }) => section === 'timeline.cursors');
    const to = folder();
    await assert.rejects(takeOut(source, to, stopped()), Stopped);
    const other = folder();
    await fillStore(other, { seed: 2, events: 50, conversations: 4 });
    await assert.rejects(takeOut(other, to), /another store/);
    const from = folder();
    await assert.rejects(takeOut(other, from, stopped()), Stopped);
    await withStore(other, (store) =>
      store.timeline.append([
        { conv: 'g:new', from: 'bob', id: '1', counts: true, raw: Buffer.from('{"id":"1"}') },
      ]),
    );
    await assert.rejects(takeOut(other, from), /changed/);
  });

  it('is found damaged where one byte of a part is, and nothing is imported of it', async () => {
    const to = exportedCopy();
    const { sections } = whole;
    for (const section of ['timeline.events', 'sessions', 'directory.users']) {
      const path = join(to, sections.find(({ name }) => name === section)!.parts[0]!.file);
      const bytes = readFileSync(path);
      const flipped = Buffer.from(bytes);
      flipped[Math.floor(bytes.length / 2)]! ^= 1;
      writeFileSync(path, flipped);
      await assert.rejects(verifyFolder(to, watch()), /damaged/);
      await assert.rejects(bringIn(to, empty), /damaged/);
      await withStore(empty, async ({ directory }) =>
        assert.deepEqual(await directory.rowsOf('users', undefined, 1), []),
      );
      writeFileSync(path, bytes);
    }
    await verifyFolder(to, watch());
    rmSync(join(to, sections[0]!.parts[0]!.file));
    await assert.rejects(verifyFolder(to, watch()), /missing/);
  });

  it('is refused where the tables are of another version, or where there is no whole export', async () => {
    const to = exportedCopy();
    const path = join(to, 'manifest.json');
    const text = readFileSync(path, 'utf8');
    const { manifest } = await readManifest(to);
    writeFileSync(path, text.replace(`"${manifest.tables}"`, '"0001-other"'));
    await assert.rejects(bringIn(to, empty), /0001-other/);
    writeFileSync(path, text.replace('"version": 1', '"version": 2'));
    await assert.rejects(bringIn(to, empty), /format 2/);
    writeFileSync(path, text.slice(0, -20));
    await assert.rejects(bringIn(to, empty), MovingError);
    rmSync(path);
    await assert.rejects(bringIn(to, empty), /no complete export/);
  });

  it('tells what the store has not, after it was written', async () => {
    const to = exportedCopy();
    const copy = folder();
    const reading = watch(({ task }) => task === 'check of the store');
    await assert.rejects(bringIn(to, copy, reading), Stopped);
    await withStore(copy, (store) =>
      store.timeline.append([
        { conv: 'g:team0', from: 'bob', id: 'x', counts: true, raw: Buffer.from('{"id":"x"}') },
      ]),
    );
    await assert.rejects(bringIn(to, copy), /timeline\.events \(\d+ records, not \d+\): g:team0$/);
  });

  it('leaves files for their owner alone, and no more than the manifest names', () => {
    const files = whole.sections.flatMap(({ parts }) => parts.map(({ file }) => file));
    for (const name of readdirSync(exported))
      assert.equal(statSync(join(exported, name)).mode & 0o777, 0o600, name);
    assert.deepEqual(readdirSync(exported).sort(), [...files, 'lock', 'manifest.json'].sort());
  });
});
