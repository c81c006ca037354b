import { maxNodePacketBytes, nodeKeepAliveSeconds } from '../../schemas/work.ts';
import { protocolError } from '../gate/fault.ts';
import { readProperties } from '../gate/properties.ts';
import { Reader } from '../gate/reader.ts';
import { Splitter } from '../gate/splitter.ts';
import { readSubscribe, readUnsubscribe } from '../gate/subscribe.ts';
import type { Transport, TransportListener } from '../gate/transport.ts';
import { packetTypes, pingresp, putVarint, suback, unsuback, varintLength } from '../gate/writer.ts';
import type { NodePeer, NodeRouter } from './router.ts';

const sweepMs = 500;

export interface NodeConnectionOptions {
  readonly node: string;
  readonly transport: Transport;
  readonly router: NodeRouter;
  /** As the node says. */
  readonly keepAliveSeconds: number;
  /** Told why it was ended. */
  readonly onEnd: (reason: string) => void;
}

/**
 * The connection of another node: it speaks MQTT 5 at QoS 0 about `$work/…` and `$done/…` and nothing else; there is no
 * session, and nobody is present by it.
 */
export class NodeConnection implements NodePeer, TransportListener {
  readonly node: string;
  readonly #transport: Transport;
  readonly #router: NodeRouter;
  readonly #onEnd: (reason: string) => void;
  readonly #splitter = new Splitter(maxNodePacketBytes);
  readonly #link: number;
  readonly #timer: NodeJS.Timeout;
  #heardMs = performance.now();
  #isClosed = false;

  constructor({ node, transport, router, keepAliveSeconds, onEnd }: NodeConnectionOptions) {
    this.node = node;
    this.#transport = transport;
    this.#router = router;
    this.#onEnd = onEnd;
    this.#link = router.enter(this);
    const silenceMs = 1500 * Math.min(keepAliveSeconds || nodeKeepAliveSeconds, nodeKeepAliveSeconds);
    this.#timer = setInterval(() => {
      if (performance.now() - this.#heardMs > silenceMs) this.#end('It is silent.');
    }, sweepMs).unref();
  }

  onData(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#heardMs = performance.now();
    const bytes = this.#splitter.add(chunk);
    if (bytes === undefined) return;
    try {
      for (let at = 0; at < bytes.length && this.#splitter.find(bytes, at); at = this.#splitter.end) {
        const { start, end } = this.#splitter;
        this.#onPacket(bytes[at]!, new Reader(bytes, start, end));
        if (this.#isClosed) return;
      }
    } catch (error) {
      this.#end((error as Error).message);
    }
  }

  #onPacket(first: number, reader: Reader): void {
    switch (first >> 4) {
      case packetTypes.publish: {
        if ((first & 0x0f) !== 0) throw protocolError('Nodes publish at QoS 0.');
        const topic = reader.string();
        readProperties(reader, 'publish');
        if (!this.#router.route(topic, reader.rest())) throw protocolError('Nodes do not publish there.');
        return;
      }
      case packetTypes.subscribe: {
        const { id, subscriptions } = readSubscribe(reader, 5);
        const filters = subscriptions.map(({ filter }) => filter);
        const { codes, settled } = this.#router.subscribe(this.#link, filters);
        this.#transport.write(suback(5, id, codes));
        settled();
        return;
      }
      case packetTypes.unsubscribe: {
        const { id, filters } = readUnsubscribe(reader, 5);
        this.#transport.write(unsuback(5, id, this.#router.unsubscribe(this.#link, filters)));
        return;
      }
      case packetTypes.pingreq:
        this.#transport.write(pingresp);
        return;
      case packetTypes.disconnect:
        this.#end('It has left.');
        return;
      default:
        throw protocolError('A packet that nodes do not send.');
    }
  }

  send(topic: string, payload: Buffer): void {
    if (this.#isClosed) return;
    const length = 2 + topic.length + 1 + payload.length;
    const lengthBytes = varintLength(length);
    const head = Buffer.allocUnsafe(1 + lengthBytes + 2 + topic.length + 1);
    head[0] = packetTypes.publish << 4;
    let at = putVarint(head, 1, length);
    head[at++] = topic.length >> 8;
    head[at++] = topic.length & 0xff;
    at += head.write(topic, at, 'latin1');
    head[at] = 0;
    this.#transport.writeAll([head, payload]);
  }

  onDrain(): void {}

  onClose(): void {
    if (!this.#isClosed) this.#router.lost(this.#link);
    this.#end('It is gone.');
  }

  end(): void {
    this.#end('It is not wanted any more.');
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#splitter.clear();
    // A peer that is frozen reads nothing more: its socket goes at once.
    this.#transport.destroy();
    this.#router.leave(this.#link);
    this.#onEnd(reason);
  }
}
