import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Something that is built from files, and not again while they are the same. Paths are from `root`. */
export interface Product {
  readonly root: string;
  /** Files and folders it is made of. */
  readonly sources: readonly string[];
  /** The folder it comes to, emptied by the build. */
  readonly output: string;
}

/** In the output: what it was made of. It goes with whatever else empties the folder. */
const stampName = '.sources';

/** Builds it unless that was done from the very same sources; answers whether it did. */
export async function buildOnce(product: Product, build: () => Promise<unknown>): Promise<boolean> {
  const output = join(product.root, product.output);
  const stamp = join(output, stampName);
  const wanted = fingerprint(product);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return false;
  await build();
  mkdirSync(output, { recursive: true });
  writeFileSync(stamp, wanted);
  return true;
}

/** Of names and contents: a fresh clone has new times of everything. */
function fingerprint({ root, sources }: Product): string {
  const hash = createHash('sha256');
  for (const name of sources.flatMap((source) => filesOf(root, source)).toSorted()) {
    const content = readFileSync(join(root, name));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function filesOf(root: string, source: string): string[] {
  if (!existsSync(join(root, source))) return [];
  if (statSync(join(root, source)).isFile()) return [source];
  return readdirSync(join(root, source)).flatMap((name) => filesOf(root, `${source}/${name}`));
}
