/** Numbers of one thing, one a round. */
export interface Row {
  readonly name: string;
  readonly unit: 'per second' | 'ms' | 'µs' | 'bytes' | 'KB' | 'MB' | '%';
  readonly subject: readonly number[];
  /** Of the same rounds, in the same order; absent where there is nothing to compare with. */
  readonly reference?: readonly number[];
  readonly target?: string;
}

/** The outcome of one command: one table of docs/benchmarks.md. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** What was done, for a reader who wants to do it again. */
  readonly method: string;
  /** Heads of the two columns. */
  readonly subject: string;
  readonly reference: string;
  readonly rows: readonly Row[];
  /** What went wrong: lost messages, refusals. */
  readonly faults: readonly string[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of the rounds' own ratios, so that what disturbs a whole round weighs on both sides. */
export const medianRatio = (subject: readonly number[], reference: readonly number[]): number =>
  median(subject.map((value, round) => value / reference[round]!));

/** The section as Markdown, with where and how it was measured under the table. */
export function renderSection(section: Section, setting: string): string {
  const lines = [
    `## ${section.title}`,
    '',
    section.method,
    '',
    `| | ${section.subject} | ${section.reference} | ratio | to reach |`,
    '|---|---:|---:|---:|---|',
    ...section.rows.map(renderRow),
    '',
    ...section.faults.flatMap((fault) => [`**${fault}**`, '']),
    `${setting}.`,
  ];
  return lines.join('\n');
}

function renderRow({ name, unit, subject, reference, target }: Row): string {
  const ratio = reference === undefined ? '' : `${medianRatio(subject, reference).toFixed(2)} ×`;
  const second = reference === undefined ? '' : show(median(reference), unit);
  return `| ${name} | ${show(median(subject), unit)} | ${second} | ${ratio} | ${target ?? ''} |`;
}

function show(value: number, unit: Row['unit']): string {
  if (Number.isNaN(value)) return '';
  if (unit === 'per second') return Math.round(value).toLocaleString('en');
  return `${value.toFixed(unit === '%' || unit === 'bytes' ? 0 : value < 10 ? 2 : 1)} ${unit}`;
}

const begin = (id: string): string => `<!-- ${id} -->`;
const end = (id: string): string => `<!-- end of ${id} -->`;

/** The document with this section's text in its place, or at the end when it was not there. */
export function replaceSection(document: string, id: string, text: string): string {
  const marked = `${begin(id)}\n${text}\n${end(id)}`;
  const from = document.indexOf(begin(id));
  const to = document.indexOf(end(id));
  if (from < 0 || to < 0) return `${document.trimEnd()}\n\n${marked}\n`;
  return document.slice(0, from) + marked + document.slice(to + end(id).length);
}

/** The head of a new document. */
export const documentHead = `# Benchmarks

Every table comes from one command, \`npm run bench -- <case>\`, which writes it anew here; \`npm run bench -- all\` runs all
of them. The server runs on one core, its storage thread included, and the load generator on another, both on one machine over
loopback. [mosquitto](https://mosquitto.org), which keeps nothing on disk in these runs, takes turns with Petrel, which
acknowledges a message only after it is on disk. Figures are medians of the rounds; a ratio is the median of the rounds' ratios.
Messages are MQTT 5, QoS 1, with 100 bytes of text.

How far to trust them: a server that answers packet by packet keeps this generator busy (the row "generator busy"; near 90 % it
may hold mosquitto down a little), and one that answers in bursts does not. A generator in C that reacts to each packet at once,
in the same setting, measured mosquitto at 43,000 (window 8) and 47,000 sends/s (window 64), and Petrel after its warm-up at
42,000 to 50,000 and 75,000 to 110,000. A fresh process is slower for its first seconds: code is compiled and the journal's file
grows on the same core. On a virtual machine with noisy neighbours, look at ratios only.
`;
