import { Checksum } from './checksum.ts';
import { MovingError } from './errors.ts';
import { type Manifest, type ManifestSection, readManifest } from './manifest.ts';
import { readPart } from './parts.ts';
import type { Section } from './section.ts';
import { conversationsIn, differingConversations } from './sections/ends.ts';
import { type MovableStore, sectionsOf } from './sections.ts';
import { orStop, type Watch } from './watch.ts';

/** What expires sooner is not compared: it may be gone from the target before it is looked at. */
const expiringMs = 600_000;

interface Counted {
  readonly records: number;
  readonly checksum: string;
}

/** What a section has in the folder and in the store. */
export interface Compared extends Counted {
  readonly name: string;
  /** Absent where no store was looked at. */
  readonly found?: Counted;
}

const eventsName = 'timeline.events';

/** Reads every part of a folder and compares it with the manifest. Throws MovingError where they differ. */
export async function verifyFolder(
  folder: string,
  watch: Watch,
): Promise<{ readonly manifest: Manifest; readonly compared: readonly Compared[] }> {
  const { manifest } = await readManifest(folder);
  const compared: Compared[] = [];
  for (const section of manifest.sections) {
    const { name, records, checksum } = section;
    const sum = new Sum();
    const lines = sum.through(linesOf(folder, section, watch));
    if (name === eventsName) {
      for await (const { conv, isRight } of conversationsIn(lines))
        if (!isRight) throw new MovingError(`${name}: the events of ${conv} are not those that were written`);
    } else for await (const _ of lines);
    if (sum.records !== records || sum.checksum !== checksum)
      throw new MovingError(`${name}: the parts are not what the manifest says of them together`);
    compared.push({ name, records, checksum });
  }
  return { manifest, compared };
}

/** Reads a store back and compares it with a folder; whoever calls has looked at the folder itself. */
export async function verifyStore(
  store: MovableStore,
  manifest: Manifest,
  folder: string,
  watch: Watch,
): Promise<readonly Compared[]> {
  const compared: Compared[] = [];
  const atMs = Date.now() + expiringMs;
  for (const section of sectionsOf(store)) {
    const inFolder = manifest.sections.find(({ name }) => name === section.name);
    const { records, checksum } = await expected(section, inFolder, folder, atMs, watch);
    const found = await sumOf(lasting(section, linesOfStore(section, records, watch), atMs));
    compared.push({ name: section.name, records, checksum, found });
  }
  const wrong = compared.filter(({ records, checksum, found }) => {
    return records !== found!.records || checksum !== found!.checksum;
  });
  if (wrong.length === 0) return compared;
  const named = await Promise.all(
    wrong.map(async ({ name, records, found }) => {
      const counts = `${name} (${found!.records} records, not ${records})`;
      const section = sectionsOf(store).find((one) => one.name === name)!;
      const inFolder = manifest.sections.find((one) => one.name === name);
      if (name !== eventsName || inFolder === undefined) return counts;
      const quiet = { ...watch, tell: () => {} };
      const convs = await differingConversations(
        conversationsIn(linesOf(folder, inFolder, quiet)),
        conversationsIn(linesOfStore(section, records, quiet)),
      );
      return `${counts}: ${convs.join(', ')}`;
    }),
  );
  throw new MovingError(`the store has not what the folder has: ${named.join('; ')}`);
}

/** How many lines there are, and their checksum. */
class Sum {
  records = 0;
  readonly #checksum = new Checksum();

  get checksum(): string {
    return this.#checksum.toString();
  }

  async *through(lines: AsyncIterable<readonly string[]>): AsyncGenerator<readonly string[]> {
    for await (const list of lines) {
      for (const line of list) this.#checksum.add(line);
      this.records += list.length;
      yield list;
    }
  }
}

async function sumOf(lines: AsyncIterable<readonly string[]>): Promise<Counted> {
  const sum = new Sum();
  for await (const _ of sum.through(lines));
  const { records, checksum } = sum;
  return { records, checksum };
}

/** What the store should have. */
function expected(
  section: Section,
  inFolder: ManifestSection | undefined,
  folder: string,
  atMs: number,
  watch: Watch,
): Promise<Counted> {
  if (inFolder === undefined) return sumOf(nothing());
  const { records, checksum } = inFolder;
  if (section.lasts === undefined) return Promise.resolve({ records, checksum });
  return sumOf(lasting(section, linesOf(folder, inFolder, watch), atMs));
}

async function* nothing(): AsyncGenerator<readonly string[]> {}

async function* lasting(
  section: Section,
  lines: AsyncIterable<readonly string[]>,
  atMs: number,
): AsyncGenerator<readonly string[]> {
  for await (const list of lines)
    yield section.lasts === undefined ? list : list.filter((line) => section.lasts!(line, atMs));
}

async function* linesOf(
  folder: string,
  { name, records, parts }: ManifestSection,
  watch: Watch,
): AsyncGenerator<readonly string[]> {
  let done = 0;
  for (const part of parts) {
    orStop(watch);
    yield await readPart(folder, part);
    done += part.records;
    watch.tell({ task: 'check of the parts', section: name, records: done, of: records });
  }
}

async function* linesOfStore(
  section: Section,
  records: number,
  watch: Watch,
): AsyncGenerator<readonly string[]> {
  let done = 0;
  for await (const { lines } of section.read()) {
    orStop(watch);
    yield lines;
    done += lines.length;
    watch.tell({ task: 'check of the store', section: section.name, records: done, of: records });
  }
}
