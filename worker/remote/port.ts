import type { Holders } from '../../schemas/work.ts';

/** What a sender hears from the way to the workers. */
export interface PortListener {
  /** Who holds which partition now; told once at the beginning and after every change. */
  onHolders(holders: Holders): void;
  /** A batch of answers. */
  onAnswers(batch: Buffer): void;
}

/**
 * The way of a node's work to the workers.
 *
 * Guarantees: what is given to one link arrives in the order of giving, without a gap from its beginning, until the link
 * is gone; a link that is gone does not come back under its number. A batch for a link that is gone is dropped: the
 * sender has heard, or hears, that the partitions have another holder.
 */
export interface WorkPort {
  /** Says who listens. */
  attach(node: string, listener: PortListener): void;
  /** `batch` begins as schemas/work.ts says; the partition is one of those whose work is in it. */
  publish(link: number, partition: number, batch: Buffer): void;
}
