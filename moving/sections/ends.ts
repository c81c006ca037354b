import { Checksum } from '../checksum.ts';

/** What is known of a conversation at its end. */
export interface Ended {
  readonly conv: string;
  /** The checksum at its end. */
  readonly checksum: string;
  /** Whether the events before it are those it was made of. */
  readonly isRight: boolean;
}

const maxNamed = 10;
const isEnd = (line: string): boolean =>
  line.endsWith('"}') && line.includes(',"checksum":"', line.length - 90);

/** The conversations in the lines of events, in their order. */
export async function* conversationsIn(lines: AsyncIterable<readonly string[]>): AsyncGenerator<Ended> {
  let sum = new Checksum();
  for await (const list of lines)
    for (const line of list) {
      if (!isEnd(line)) {
        sum.add(line);
        continue;
      }
      const { conv, checksum } = JSON.parse(line) as { conv: string; checksum: string };
      yield { conv, checksum, isRight: sum.toString() === checksum };
      sum = new Checksum();
    }
}

/** The names of conversations that two lists do not have alike; not of too many. */
export async function differingConversations(
  left: AsyncIterable<Ended>,
  right: AsyncIterable<Ended>,
): Promise<readonly string[]> {
  const names: string[] = [];
  const [a, b] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  let [x, y] = [await a.next(), await b.next()];
  while (!(x.done && y.done)) {
    const [ours, theirs] = [x.done ? undefined : x.value, y.done ? undefined : y.value];
    const isOurs = ours !== undefined && (theirs === undefined || ours.conv <= theirs.conv);
    const isTheirs = theirs !== undefined && (ours === undefined || theirs.conv <= ours.conv);
    const isSame = isOurs && isTheirs && ours.checksum === theirs.checksum;
    if (!isSame) names.push(isOurs ? ours.conv : theirs!.conv);
    if (names.length === maxNamed) return [...names, '…'];
    if (isOurs) x = await a.next();
    if (isTheirs) y = await b.next();
  }
  return names;
}
