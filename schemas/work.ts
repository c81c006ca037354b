/** Work is dealt out by partition of its conversation. */
export const partitionCount = 64;

/** The user name of a node's own CONNECT, which no user can have. */
export const nodeUserName = '$node';

/** The scope of the tokens that nodes show each other. */
export const internalScope = 'internal';

/** Nodes ping each other so often, in seconds: one that is frozen or cut off is noticed after one and a half of it. */
export const nodeKeepAliveSeconds = 5;

/** A packet between nodes may be so large, bytes; what a client may send is less. */
export const maxNodePacketBytes = 268_435_455;

const workPrefix = '$work/';
const donePrefix = '$done/';

export const workTopic = (partition: number): string => `${workPrefix}${partition}`;
export const doneTopic = (node: string): string => `${donePrefix}${node}`;

export type NodeTopic =
  | { readonly kind: 'work'; readonly partition: number }
  | { readonly kind: 'done'; readonly node: string };

/** What a topic between nodes means; undefined for any other. */
export function nodeTopic(topic: string): NodeTopic | undefined {
  if (topic.startsWith(donePrefix)) {
    const node = topic.slice(donePrefix.length);
    return /^[A-Za-z0-9_-]{1,64}$/.test(node) ? { kind: 'done', node } : undefined;
  }
  if (!topic.startsWith(workPrefix)) return undefined;
  const text = topic.slice(workPrefix.length);
  const partition = /^[0-9]{1,2}$/.test(text) ? Number(text) : partitionCount;
  return partition < partitionCount ? { kind: 'work', partition } : undefined;
}

/** The first byte of what travels between nodes. */
export const nodeFrames = { work: 1, answers: 2, holders: 3 } as const;

/** A batch of work names the link that it is for: `[kind, link (4), …]`. */
export const linkOf = (batch: Buffer): number =>
  batch.length >= 5 && batch[0] === nodeFrames.work ? batch.readUInt32BE(1) : 0;

/** Which link of a broker holds which partition; 0 where none does. */
export type Holders = readonly number[];

export function encodeHolders(holders: Holders): Buffer {
  const bytes = Buffer.allocUnsafe(1 + 4 * partitionCount);
  bytes[0] = nodeFrames.holders;
  for (let partition = 0; partition < partitionCount; partition++)
    bytes.writeUInt32BE(holders[partition] ?? 0, 1 + 4 * partition);
  return bytes;
}

/** Undefined where it is something else. */
export function decodeHolders(bytes: Buffer): number[] | undefined {
  if (bytes[0] !== nodeFrames.holders || bytes.length !== 1 + 4 * partitionCount) return undefined;
  return Array.from({ length: partitionCount }, (_, partition) => bytes.readUInt32BE(1 + 4 * partition));
}
