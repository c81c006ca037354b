import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Checksum } from './checksum.ts';
import { MovingError } from './errors.ts';
import { exists, syncFolder } from './files.ts';
import { holdFolder, isEmptyFolder, makeFolder } from './folder.ts';
import {
  type Manifest,
  type ManifestSection,
  manifestPath,
  type Part,
  readManifest,
  writeManifest,
} from './manifest.ts';
import { Notes } from './notes.ts';
import { PartBuffer } from './parts.ts';
import type { Position, Section } from './section.ts';
import { type MovableStore, sectionsOf } from './sections.ts';
import { orStop, type Watch } from './watch.ts';

export interface ExportOptions {
  readonly store: MovableStore;
  /** Names the store, without secrets: an export goes on only from the store that it began with. */
  readonly source: string;
  readonly folder: string;
  /** Petrel's. */
  readonly version: string;
  readonly watch: Watch;
  /** Throws where servers use the store; called at the end. */
  readonly refuseUsed?: () => Promise<void>;
  /** Size of a part before it is packed; for tests. */
  readonly partChars?: number;
}

/** What identifies an export that is not complete. */
interface Begun {
  readonly source: string;
  readonly petrel: string;
  readonly begunAt: string;
  readonly tables: string;
  /** Of the timeline, when it began. */
  readonly mark: string;
}

/** A file that no note tells of is not a part: it may be half written. The last parts of a section are noted with its end. */
type Note =
  | { readonly begun: Begun }
  | { readonly section: string; readonly part: Part; readonly position: Position }
  | { readonly ended: string; readonly parts: readonly Part[] };

const notesName = 'export.notes';

/**
 * Writes all that a store has into a folder. Nobody else writes to the store meanwhile. Where it is cut short, even by
 * kill -9, calling it again goes on. Throws MovingError where the operator has to do something, Stopped where asked to.
 */
export async function exportStore(options: ExportOptions): Promise<Manifest> {
  const { folder, watch } = options;
  await makeFolder(folder);
  const release = holdFolder(folder);
  const notesPath = join(folder, notesName);
  try {
    const isUnderWay = await exists(notesPath);
    if (await exists(manifestPath(folder))) {
      if (!isUnderWay) throw new MovingError(`${folder} has a complete export; name another folder`);
    } else {
      if (!isUnderWay && !(await isEmptyFolder(folder)))
        throw new MovingError(`${folder} is not empty; name another folder`);
      const { notes, known } = await Notes.open<Note>(notesPath);
      try {
        await new Export(options, notes, known).run();
      } finally {
        await notes.close();
      }
    }
    await rm(notesPath, { force: true });
    watch.say(`${folder} is complete.`);
    return (await readManifest(folder)).manifest;
  } finally {
    release();
  }
}

class Export {
  readonly #options: ExportOptions;
  readonly #notes: Notes<Note>;
  readonly #known: readonly Note[];

  constructor(options: ExportOptions, notes: Notes<Note>, known: readonly Note[]) {
    this.#options = options;
    this.#notes = notes;
    this.#known = known;
  }

  async run(): Promise<void> {
    const { store, folder } = this.#options;
    const begun = await this.#begin();
    const sections: ManifestSection[] = [];
    for (const section of sectionsOf(store)) sections.push(await this.#section(section));
    await this.#refuseChanged(begun);
    await this.#options.refuseUsed?.();
    await syncFolder(folder);
    const { petrel, begunAt, tables } = begun;
    const endedAt = new Date().toISOString();
    await writeManifest(folder, { petrel, begunAt, endedAt, tables, sections });
  }

  async #begin(): Promise<Begun> {
    const { store, source, version, watch, folder } = this.#options;
    const tables = await store.directory.tablesVersion();
    const first = this.#known[0];
    if (first === undefined) {
      const begunAt = new Date().toISOString();
      const begun = { source, petrel: version, begunAt, tables, mark: await store.timeline.mark() };
      await this.#notes.add({ begun });
      return begun;
    }
    if (!('begun' in first)) throw new MovingError(`${join(folder, notesName)} is not what an export left`);
    const { begun } = first;
    if (begun.source !== source)
      throw new MovingError(`the export in ${folder} was begun with another store: ${begun.source}`);
    if (begun.petrel !== version || begun.tables !== tables)
      throw new MovingError(
        `the export in ${folder} was begun by Petrel ${begun.petrel}; begin in an empty folder`,
      );
    await this.#refuseChanged(begun);
    watch.say(`The export that began at ${begun.begunAt} goes on.`);
    return begun;
  }

  /** What is written of a store that goes on changing would not fit together. */
  async #refuseChanged({ mark }: Begun): Promise<void> {
    const { store, folder } = this.#options;
    if (mark === (await store.timeline.mark())) return;
    throw new MovingError(
      `the store changed since the export began: stop its servers, remove ${folder} and begin again`,
    );
  }

  async #section(section: Section): Promise<ManifestSection> {
    const { name, resumable } = section;
    const { folder, partChars } = this.#options;
    const noted = this.#known.flatMap((note) => ('part' in note && note.section === name ? [note] : []));
    const parts = noted.map(({ part }) => part);
    for (const note of this.#known)
      if ('ended' in note && note.ended === name) return summed(name, [...parts, ...note.parts]);
    if (!resumable) await removeParts(folder, name);
    const buffer = new PartBuffer(partChars);
    let position = noted.at(-1)?.position;
    const write = async (): Promise<Part> => {
      const number = String(parts.length + 1).padStart(6, '0');
      const part = await buffer.write(folder, `${name}-${number}.ndjson.gz`);
      parts.push(part);
      return part;
    };
    for await (const { lines, position: reached, checksum } of section.read(position)) {
      buffer.add(lines, checksum);
      position = reached;
      if (buffer.isFull) {
        const part = await write();
        if (resumable) await this.#notes.add({ section: name, part, position });
      }
      this.#tell(name, parts, buffer);
    }
    const toldOf = resumable ? parts.length : 0;
    if (buffer.records > 0) await write();
    await this.#notes.add({ ended: name, parts: parts.slice(toldOf) });
    return summed(name, parts);
  }

  #tell(section: string, parts: readonly Part[], buffer: PartBuffer): void {
    const { watch } = this.#options;
    const records = parts.reduce((sum, part) => sum + part.records, buffer.records);
    watch.tell({ task: 'export', section, records });
    orStop(watch);
  }
}

/** Of an earlier attempt at the section. */
async function removeParts(folder: string, section: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names) if (name.startsWith(`${section}-`)) await rm(join(folder, name));
}

function summed(name: string, parts: Part[]): ManifestSection {
  const checksum = new Checksum();
  for (const part of parts) checksum.addAll(Checksum.from(part.checksum));
  const records = parts.reduce((sum, part) => sum + part.records, 0);
  return { name, records, checksum: checksum.toString(), parts };
}
