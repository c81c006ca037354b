import { Checksum } from './checksum.ts';
import { MovingError } from './errors.ts';
import { type Manifest, type ManifestSection, readManifest } from './manifest.ts';
import { readPart } from './parts.ts';
import type { Lines, Section } from './section.ts';
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

type List = Pick<Lines, 'lines' | 'checksum'>;

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
    const lists = sum.through(linesOf(folder, section, watch));
    if (name === eventsName) {
      for await (const { conv, isRight } of conversationsIn(linesIn(lists)))
        if (!isRight) throw new MovingError(`${name}: the events of ${conv} are not those that were written`);
    } else for await (const _ of lists);
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
    const { derived } = section;
    if (derived === undefined) continue;
    const made = await sumOf(
      inFolder === undefined ? nothing() : each(linesOf(folder, inFolder, watch), derived.from),
    );
    const kept = await sumOf(linesOfStore(derived, made.records, watch));
    compared.push({ name: derived.name, ...made, found: kept });
  }
  const wrong = compared.filter(({ records, checksum, found }) => {
    return records !== found!.records || checksum !== found!.checksum;
  });
  if (wrong.length === 0) return compared;
  const named = await Promise.all(
    wrong.map(async ({ name, records, found }) => {
      const counts = `${name} (${found!.records} records, not ${records})`;
      const section = sectionsOf(store).find((one) => one.name === name);
      const inFolder = manifest.sections.find((one) => one.name === name);
      if (name !== eventsName || section === undefined || inFolder === undefined) return counts;
      const quiet = { ...watch, tell: () => {} };
      const convs = await differingConversations(
        conversationsIn(linesIn(linesOf(folder, inFolder, quiet))),
        conversationsIn(linesIn(linesOfStore(section, records, quiet))),
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

  async *through(lists: AsyncIterable<List>): AsyncGenerator<List> {
    for await (const list of lists) {
      const { lines, checksum } = list;
      this.#checksum.addAll(checksum ?? Checksum.of(lines));
      this.records += lines.length;
      yield list;
    }
  }
}

async function* linesIn(lists: AsyncIterable<List>): AsyncGenerator<readonly string[]> {
  for await (const { lines } of lists) yield lines;
}

async function sumOf(lists: AsyncIterable<List>): Promise<Counted> {
  const sum = new Sum();
  for await (const _ of sum.through(lists));
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

async function* nothing(): AsyncGenerator<List> {}

async function* lasting(section: Section, lists: AsyncIterable<List>, atMs: number): AsyncGenerator<List> {
  if (section.lasts === undefined) yield* lists;
  else
    for await (const { lines } of lists) yield { lines: lines.filter((line) => section.lasts!(line, atMs)) };
}

/** What is made of each line. */
async function* each(
  lists: AsyncIterable<List>,
  make: (line: string) => readonly string[],
): AsyncGenerator<List> {
  for await (const { lines } of lists) yield { lines: lines.flatMap(make) };
}

async function* linesOf(
  folder: string,
  { name, records, parts }: ManifestSection,
  watch: Watch,
): AsyncGenerator<List> {
  let done = 0;
  for (const part of parts) {
    orStop(watch);
    yield { lines: await readPart(folder, part), checksum: Checksum.from(part.checksum) };
    done += part.records;
    watch.tell({ task: 'check of the parts', section: name, records: done, of: records });
  }
}

async function* linesOfStore(
  section: Pick<Section, 'name' | 'read'>,
  records: number,
  watch: Watch,
): AsyncGenerator<List> {
  let done = 0;
  for await (const list of section.read()) {
    orStop(watch);
    yield list;
    done += list.lines.length;
    watch.tell({ task: 'check of the store', section: section.name, records: done, of: records });
  }
}
