import type { CustomMessage } from './message.ts';
import type { Subscriber } from './subscriber.ts';
import type { Subscription } from './subscription.ts';

interface Member {
  readonly subscriber: Subscriber;
  subscription: Subscription;
}

/** The members of one shared subscription; each message goes to one of them. [MQTT-4.8.2] */
export class ShareGroup {
  readonly #members: Member[] = [];
  #next = 0;

  get size(): number {
    return this.#members.length;
  }

  set(subscriber: Subscriber, subscription: Subscription): void {
    const known = this.#members.find((member) => member.subscriber === subscriber);
    if (known === undefined) this.#members.push({ subscriber, subscription });
    else known.subscription = subscription;
  }

  delete(subscriber: Subscriber): void {
    const at = this.#members.findIndex((member) => member.subscriber === subscriber);
    if (at === -1) return;
    this.#members.splice(at, 1);
    if (at < this.#next) this.#next--;
  }

  /** In turn: a connected member with room, else a connected one, else one whose session keeps the message for its return. */
  choose(message: CustomMessage): Member | undefined {
    const at = this.#pick(message);
    if (at === -1) return undefined;
    this.#next = (at + 1) % this.#members.length;
    return this.#members[at];
  }

  /** Whether the message would wait in a queue. */
  wouldQueue(message: CustomMessage): boolean {
    const member = this.#members[this.#pick(message)];
    return member !== undefined && member.subscription.options.qos > 0 && !member.subscriber.hasRoom;
  }

  /** Whether a member's session would have to be stored with its messages. */
  get anyPersistent(): boolean {
    return this.#members.some(
      ({ subscriber, subscription }) => subscriber.persistent && subscription.options.qos > 0,
    );
  }

  #pick(message: CustomMessage): number {
    const members = this.#members;
    let busy = -1;
    let absent = -1;
    for (let i = 0; i < members.length; i++) {
      const at = (this.#next + i) % members.length;
      const { subscriber, subscription } = members[at]!;
      if (!subscriber.admits(subscription, message)) continue;
      if (subscriber.hasRoom) return at;
      const queues = Math.min(subscription.options.qos, message.envelope.qos) > 0;
      if (subscriber.connected) busy = busy === -1 ? at : busy;
      else if (absent === -1 && queues) absent = at;
    }
    return busy === -1 ? absent : busy;
  }
}
