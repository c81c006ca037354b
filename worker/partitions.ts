import { partitionCount } from '../schemas/work.ts';

/** FNV-1a with a last mixing step: the same on every node and for ever. */
function hash(text: string, seed = 0x811c9dc5): number {
  let value = seed;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** The partition of a conversation. */
export const partitionOf = (conv: string): number => hash(conv) % partitionCount;

/** Who of the workers holds a partition: whoever comes or goes, no partition moves between two that stay. */
export function holderOf(partition: number, workers: Iterable<string>): string | undefined {
  let best: string | undefined;
  let most = -1;
  for (const worker of workers) {
    const weight = hash(worker, hash(`p${partition}`));
    // Equal weights are told apart by name, whatever the order of asking.
    if (weight > most || (weight === most && worker < best!)) {
      most = weight;
      best = worker;
    }
  }
  return best;
}

/** The partitions that a worker holds among others. */
export function partitionsOf(worker: string, workers: Iterable<string>): number[] {
  const all = [...workers];
  return Array.from({ length: partitionCount }, (_, partition) => partition).filter(
    (partition) => holderOf(partition, all) === worker,
  );
}
