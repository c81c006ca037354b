import type { ConvId } from '../../../../schemas/event.ts';
import type { BusMessage, BusTopic } from '../../../bus.ts';

/** Where something is published: to those who listen to a topic, to every node, or to one. */
export type Destination = BusTopic | 'all' | `n:${string}`;

/** Who a message is for: see the guarantees of Bus. */
export function destinationOf(message: BusMessage): BusTopic | 'all' {
  switch (message.type) {
    case 'notice':
    case 'claim':
    case 'membership':
    case 'takeover':
      return `u:${message.uid}`;
    case 'parting':
    case 'opened':
    case 'typing':
      return `g:${message.gid}`;
    case 'presence':
      return `p:${message.uid}`;
    default:
      return 'all';
  }
}

/** Calls `each` for the topics of a conversation's events: a group's own, or both users' (one in that with oneself). */
export function eachTopicOf(conv: ConvId, each: (topic: BusTopic) => void): void {
  if (conv.startsWith('g:')) {
    each(conv as BusTopic);
    return;
  }
  const middle = conv.indexOf(':', 2);
  const a = conv.slice(0, middle) as BusTopic;
  const b: BusTopic = `u:${conv.slice(middle + 1)}`;
  each(a);
  if (a !== b) each(b);
}
