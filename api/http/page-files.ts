import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

/** One form of a file, as it goes out. */
export interface Representation {
  readonly body: Buffer;
  /** `content-encoding`; absent for the file as it is. */
  readonly encoding?: 'br' | 'gzip';
  /** Made of the content: times and sizes of files may be alike in two versions of a package. */
  readonly etag: string;
}

export interface PageFile {
  /** Where it is served, as `/assets/app-BqQ2.js`. */
  readonly path: string;
  readonly type: string;
  /** Its name changes with its content. */
  readonly isHashed: boolean;
  /** Smallest first; the last one is the file as it is. */
  readonly representations: readonly Representation[];
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

/** Endings of what the build compressed, and what they are called in HTTP. */
const encodings = [
  { ending: '.br', encoding: 'br' },
  { ending: '.gz', encoding: 'gzip' },
] as const;

/** The folder whose files have their content in their names. */
const hashedFolder = '/assets/';

/** Everything in the folder of a built page, read into memory; nothing where it was not built. */
export function readPageFiles(folder: string): PageFile[] {
  const paths = new Set(filesBelow(folder));
  if (!paths.has('/index.html')) return [];
  const read = (path: string) => readFileSync(join(folder, path));
  return [...paths]
    .filter((path) => extname(path) in types)
    .map((path) => ({
      path,
      type: types[extname(path)]!,
      isHashed: path.startsWith(hashedFolder),
      representations: [
        ...encodings
          .filter(({ ending }) => paths.has(path + ending))
          .map(({ ending, encoding }) => represent(read(path + ending), encoding)),
        represent(read(path)),
      ],
    }));
}

function represent(body: Buffer, encoding?: Representation['encoding']): Representation {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { body, etag, ...(encoding !== undefined && { encoding }) };
}

function filesBelow(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `/${relative(folder, join(parentPath, name)).split(sep).join('/')}`);
}
