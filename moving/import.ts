import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MovingError } from './errors.ts';
import { exists } from './files.ts';
import { holdFolder } from './folder.ts';
import { type Manifest, type ManifestSection, readManifest } from './manifest.ts';
import { Notes } from './notes.ts';
import { checkPart, readPart } from './parts.ts';
import type { Section } from './section.ts';
import { type MovableStore, sectionsOf } from './sections.ts';
import { type Compared, verifyStore } from './verify.ts';
import { orStop, type Watch } from './watch.ts';

export interface ImportOptions {
  readonly store: MovableStore;
  /** Names the store, without secrets: an import goes on only into the store that it began with. */
  readonly target: string;
  readonly folder: string;
  readonly watch: Watch;
  /** Throws where servers use the store; called at the end. */
  readonly refuseUsed?: () => Promise<void>;
}

/** First the SHA-256 of the manifest, then every part that is in the store. */
type Note = { readonly begun: string } | { readonly part: string };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Beside the parts; one for each target. */
const notesPathOf = (folder: string, target: string): string =>
  join(folder, `import-${sha256(target).slice(0, 12)}.notes`);

/**
 * Writes all that a folder has into an empty store, which no server uses meanwhile, reads it back and compares. Where it is
 * cut short, even by kill -9, calling it again goes on. Throws MovingError where the operator has to do something, Stopped
 * where asked to.
 */
export async function importStore(options: ImportOptions): Promise<readonly Compared[]> {
  const { store, target, folder, watch } = options;
  const { manifest, sha256: identity } = await readManifest(folder);
  refuseUnknown(manifest, store);
  await refuseUnfit(manifest, store);
  const release = holdFolder(folder);
  const notesPath = notesPathOf(folder, target);
  try {
    const { notes, known } = await begin(options, manifest, identity, notesPath);
    try {
      for (const section of sectionsOf(store)) {
        const inFolder = manifest.sections.find(({ name }) => name === section.name);
        if (inFolder !== undefined) await importSection(section, inFolder, known, notes, options);
      }
    } finally {
      await notes.close();
    }
    const compared = await verifyStore(store, manifest, folder, watch);
    await options.refuseUsed?.();
    await rm(notesPath);
    return compared;
  } finally {
    release();
  }
}

async function refuseUnfit(manifest: Manifest, store: MovableStore): Promise<void> {
  const tables = await store.directory.tablesVersion();
  if (manifest.tables !== tables)
    throw new MovingError(
      `the export is of Petrel ${manifest.petrel}, whose tables are ${manifest.tables}, not ${tables}: ` +
        'import it with that version; a newer one brings the store up to date when it starts',
    );
}

/** Nothing is left behind that nobody was asked about. */
function refuseUnknown({ sections }: Manifest, store: MovableStore): void {
  const known = new Set(sectionsOf(store).map(({ name }) => name));
  for (const { name, records } of sections) {
    if (records > 0 && !known.has(name))
      throw new MovingError(`the export has ${name}, which is not known here`);
  }
}

/** The notes of this import, or new ones where the store is empty. */
async function begin(
  { store, folder, watch }: ImportOptions,
  manifest: Manifest,
  identity: string,
  notesPath: string,
): Promise<{ notes: Notes<Note>; known: readonly Note[] }> {
  const filled = await firstFilled(store);
  const earlier = (await exists(notesPath)) ? await readNotes(notesPath) : [];
  const [first] = earlier;
  if (filled !== undefined) {
    if (first === undefined)
      throw new MovingError(`the store is not empty: it has ${filled}. An import needs an empty one`);
    if (!('begun' in first) || first.begun !== identity)
      throw new MovingError(`the store has what an import of another export left: begin with an empty one`);
    watch.say('The import that was cut short goes on.');
    return Notes.open<Note>(notesPath);
  }
  // Before anything is written, so that a damaged part does not leave half a store.
  for (const { name, records, parts } of manifest.sections) {
    watch.tell({ task: 'check of the files', section: name, records: 0, of: records });
    for (const part of parts) {
      orStop(watch);
      await checkPart(folder, part);
    }
  }
  // What an import wrote before may have been removed again: it begins anew.
  await rm(notesPath, { force: true });
  const { notes } = await Notes.open<Note>(notesPath);
  await notes.add({ begun: identity });
  return { notes, known: [] };
}

async function readNotes(path: string): Promise<readonly Note[]> {
  const { notes, known } = await Notes.open<Note>(path);
  await notes.close();
  return known;
}

/** A section that the store has something of. */
async function firstFilled(store: MovableStore): Promise<string | undefined> {
  for (const section of sectionsOf(store))
    for (const { name, read } of [section, ...(section.derived === undefined ? [] : [section.derived])])
      for await (const { lines } of read()) if (lines.length > 0) return name;
  return undefined;
}

async function importSection(
  section: Section,
  { name, records, parts }: ManifestSection,
  known: readonly Note[],
  notes: Notes<Note>,
  { folder, watch }: ImportOptions,
): Promise<void> {
  const noted = new Set(known.flatMap((note) => ('part' in note ? [note.part] : [])));
  const isDone = parts.every(({ file }) => noted.has(file));
  const isAnew = !isDone && section.clear !== undefined;
  if (isAnew && known.length > 0) await section.clear!();
  let done = 0;
  for (const part of parts) {
    done += part.records;
    if (noted.has(part.file) && !isAnew) continue;
    orStop(watch);
    await section.load(await readPart(folder, part));
    await notes.add({ part: part.file });
    watch.tell({ task: 'import', section: name, records: done, of: records });
  }
}
