import type { Copy, CustomMessage } from './message.ts';
import type { Subscription } from './subscription.ts';

/** Retained messages on their way to a new subscription. */
export interface RetainedFeed {
  readonly subscription: Subscription;
  readonly messages: Iterator<CustomMessage>;
  next: CustomMessage | undefined;
}

/** What a new subscription is sent has RETAIN 1 (section 3.3.1.3). */
export const retainedCopy = ({ options, identifiers }: Subscription, message: CustomMessage): Copy => ({
  qos: Math.min(options.qos, message.envelope.qos) as Copy['qos'],
  retain: true,
  identifiers,
});
