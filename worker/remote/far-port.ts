import { decodeHolders, doneTopic, partitionCount, workTopic } from '../../schemas/work.ts';
import type { NodeInfo, Nodes } from '../../store/nodes.ts';
import { NodeLink, type OpenLink } from './link.ts';
import type { PortListener, WorkPort } from './port.ts';

export interface FarPortOptions {
  readonly nodes: Pick<Nodes, 'self' | 'live' | 'onChange' | 'suspect'>;
  /** A token of scope `internal`. */
  readonly token: () => Promise<string>;
  readonly onError: (error: unknown) => void;
  /** Told why the link to a broker is down, once each time; `onError` where absent. */
  readonly onLinkDown?: (error: unknown, broker: string | undefined) => void;
  readonly keepAliveSeconds?: number;
}

const nobody = new Array<number>(partitionCount).fill(0);

/**
 * The way of a node without a broker: by one of the live brokers, and by another one when that is gone. Between two
 * brokers nobody holds anything, so that all that is unanswered is given again.
 */
export class FarPort implements WorkPort {
  readonly #options: FarPortOptions;
  readonly #end: () => void;
  #link: NodeLink | undefined;
  #open: OpenLink | undefined;
  #broker: string | undefined;

  constructor(options: FarPortOptions) {
    this.#options = options;
    this.#end = options.nodes.onChange(({ left }) => {
      if (left.some(({ id }) => id === this.#broker)) this.#link?.cut();
    });
  }

  attach(node: string, listener: PortListener): void {
    const { nodes, token, onError, onLinkDown = onError, keepAliveSeconds } = this.#options;
    this.#link = new NodeLink({
      url: () => this.#choose()?.mqtt,
      node,
      token,
      onUp: (open) => {
        this.#open = open;
        open.subscribe([doneTopic(node)]);
      },
      onDown: (isLost) => {
        this.#open = undefined;
        if (isLost && this.#broker !== undefined) nodes.suspect(this.#broker);
        listener.onHolders(nobody);
      },
      onMessage: (_topic, payload) => {
        const holders = decodeHolders(payload);
        if (holders === undefined) listener.onAnswers(payload);
        else listener.onHolders(holders);
      },
      onError: (error) => onLinkDown(error, this.#broker),
      ...(keepAliveSeconds !== undefined && { keepAliveSeconds }),
    });
  }

  /** Another one than the last, where there is one. */
  #choose(): NodeInfo | undefined {
    const brokers = [...this.#options.nodes.live().values()].filter(({ mqtt }) => mqtt !== undefined);
    const others = brokers.filter(({ id }) => id !== this.#broker);
    const among = others.length > 0 ? others : brokers;
    const chosen = among[Math.floor(Math.random() * among.length)];
    this.#broker = chosen?.id;
    return chosen;
  }

  publish(_link: number, partition: number, batch: Buffer): void {
    this.#open?.publish(workTopic(partition), batch);
  }

  async close(): Promise<void> {
    this.#end();
    await this.#link?.close();
  }
}
