import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { MovingError } from './errors.ts';
import { writeWhole } from './files.ts';

const formatVersion = 1;
const fileName = 'manifest.json';

const count = Type.Integer({ minimum: 0 });
const sum = Type.String({ pattern: '^[0-9a-f]{64}$' });

const partSchema = Type.Object({
  /** In the folder. */
  file: Type.String({ pattern: '^[A-Za-z0-9_.-]+$' }),
  records: count,
  /** As it is on the disk. */
  bytes: count,
  /** Of the file. */
  sha256: sum,
  /** Of its lines; see Checksum. */
  checksum: sum,
});

const sectionSchema = Type.Object({
  name: Type.String(),
  records: count,
  checksum: sum,
  parts: Type.Array(partSchema),
});

const manifestSchema = Type.Object({
  format: Type.Literal('petrel-export'),
  version: count,
  /** The version of Petrel that wrote it. */
  petrel: Type.String(),
  /** When the export began and ended, ISO 8601. */
  begunAt: Type.String(),
  endedAt: Type.String(),
  /** Which tables and columns the directory has. */
  tables: Type.String(),
  sections: Type.Array(sectionSchema),
});

/** A file of a section. */
export type Part = Static<typeof partSchema>;
export type ManifestSection = Static<typeof sectionSchema>;
/** What a complete export has; written last. */
export type Manifest = Static<typeof manifestSchema>;

export const manifestPath = (folder: string): string => join(folder, fileName);

export async function writeManifest(
  folder: string,
  manifest: Omit<Manifest, 'format' | 'version'>,
): Promise<void> {
  const whole: Manifest = { format: 'petrel-export', version: formatVersion, ...manifest };
  await writeWhole(manifestPath(folder), Buffer.from(`${JSON.stringify(whole, null, 2)}\n`));
}

/** The manifest of a folder, and its SHA-256. Throws MovingError where there is none that this version can read. */
export async function readManifest(folder: string): Promise<{ manifest: Manifest; sha256: string }> {
  const bytes = await readFile(manifestPath(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new MovingError(`${folder} has no ${fileName}: there is no complete export in it`);
  });
  const manifest = parsed(bytes.toString());
  if (!Value.Check(manifestSchema, manifest))
    throw new MovingError(`${manifestPath(folder)} is not the manifest of an export`);
  if (manifest.version !== formatVersion)
    throw new MovingError(`the export has format ${manifest.version}, this Petrel reads ${formatVersion}`);
  return { manifest, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
