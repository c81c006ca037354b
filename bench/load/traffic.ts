import { Histogram } from './histogram.ts';

/** What all connections of a run count together, and the clock they share. */
export class Traffic {
  readonly ackLatency = new Histogram();
  readonly deliveryLatency = new Histogram();
  sends = 0;
  acks = 0;
  deliveries = 0;
  refused = 0;
  dropped = 0;
  /** Reason code of the last refusal or DISCONNECT. */
  lastReason = 0;
  /** Time of the chunk in hand, µs: one look at the clock a chunk instead of one a packet. */
  now = 0;
  /** Distance of the time stamp from the end of a payload. */
  readonly stampFromEnd: number;

  constructor(stampFromEnd: number) {
    this.stampFromEnd = stampFromEnd;
  }

  tick(): void {
    this.now = Math.floor(performance.now() * 1000);
  }
}
