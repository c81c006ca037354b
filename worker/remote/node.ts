import { setImmediate } from 'node:timers/promises';
import { does } from '../../schemas/config/roles.ts';
import { doneTopic, workTopic } from '../../schemas/work.ts';
import type { NodeInfo, Nodes } from '../../store/nodes.ts';
import { holderOf, partitionsOf } from '../partitions.ts';
import type { Sender } from '../sender.ts';
import { Intake } from './intake.ts';
import { NodeLink, type OpenLink } from './link.ts';

export interface WorkerNodeOptions {
  readonly nodes: Pick<Nodes, 'self' | 'live' | 'onChange' | 'onExpired' | 'suspect'>;
  readonly sender: Sender;
  /** A token of scope `internal`. */
  readonly token: () => Promise<string>;
  readonly onError: (error: unknown) => void;
  /** Told why the link to a broker is down, once each time; `onError` where absent. */
  readonly onLinkDown?: (error: unknown, broker: string) => void;
  /** Work of all senders together that may be unanswered, bytes. */
  readonly maxUnansweredBytes?: number;
  /** How long a partition that comes from a worker that lives on is left to it, ms. */
  readonly handOverMs?: number;
  readonly keepAliveSeconds?: number;
}

const maxUnansweredDefault = 64 * 1024 * 1024;
const minCreditBytes = 256 * 1024;
/** Longer than one worker knows later than another of a change. */
const handOverDefaultMs = 500;

const isWorker = ({ role }: NodeInfo): boolean => does(role, 'worker');
const isSender = ({ role }: NodeInfo): boolean => role !== 'worker';

/** A broker that this worker works for. */
interface Employer {
  readonly link: NodeLink;
  /** While the link is up. */
  open: OpenLink | undefined;
}

/**
 * Takes the work of the partitions that this node holds from every live broker, and answers it. Of the live workers each
 * computes for itself who holds what; where two believe they hold the same for a moment, the timeline keeps what they store
 * in order.
 */
export class WorkerNode {
  readonly #options: WorkerNodeOptions;
  readonly #intake: Intake;
  readonly #employers = new Map<string, Employer>();
  #ends: (() => void)[] = [];
  readonly #held = new Set<number>();
  /** Partitions that are about to be held. */
  readonly #coming = new Map<number, NodeJS.Timeout>();
  /** Who worked when it was looked at last. */
  #workers: ReadonlySet<string> | undefined;
  #isLeaving = false;

  constructor(options: WorkerNodeOptions) {
    this.#options = options;
    const { sender, onError } = options;
    this.#intake = new Intake({ sender, creditBytes: () => this.#creditBytes(), onError });
  }

  /** Takes work from now on. */
  start(): void {
    const { nodes } = this.#options;
    this.#ends = [
      nodes.onChange(({ left }) => {
        for (const { id } of left) this.#intake.forget(id);
        this.#update();
      }),
      nodes.onExpired(() => {
        // Others have taken over: the partitions come back as from them.
        this.#drop([...this.#held]);
        this.#workers = undefined;
        this.#update();
      }),
    ];
    this.#update();
  }

  /** The partitions it takes work of. */
  get held(): ReadonlySet<number> {
    return this.#held;
  }

  #creditBytes(): number {
    const senders = [...this.#options.nodes.live().values()].filter(isSender).length;
    const total = this.#options.maxUnansweredBytes ?? maxUnansweredDefault;
    return Math.max(minCreditBytes, Math.floor(total / Math.max(1, senders)));
  }

  #update(): void {
    if (this.#isLeaving) return;
    const live = this.#options.nodes.live();
    this.#hire(live);
    this.#hold(new Set([...live.values()].filter(isWorker).map(({ id }) => id)));
  }

  // ── Brokers ──

  #hire(live: ReadonlyMap<string, NodeInfo>): void {
    for (const [id, { link }] of this.#employers)
      if (live.get(id)?.mqtt === undefined) {
        this.#employers.delete(id);
        void link.close();
      }
    for (const { id, mqtt } of live.values())
      if (mqtt !== undefined && !this.#employers.has(id)) this.#employers.set(id, this.#employer(id));
  }

  #employer(id: string): Employer {
    const { nodes, token, onError, onLinkDown = onError, keepAliveSeconds } = this.#options;
    let entrance = this.#intake.open(() => {});
    const employer: Employer = {
      open: undefined,
      link: new NodeLink({
        url: () => nodes.live().get(id)?.mqtt,
        node: nodes.self.id,
        token,
        onUp: (open) => {
          entrance = this.#intake.open((node, batch) => open.publish(doneTopic(node), batch));
          employer.open = open;
          open.subscribe([...this.#held].map(workTopic));
        },
        onDown: (isLost) => {
          employer.open = undefined;
          if (isLost) nodes.suspect(id);
        },
        onMessage: (_topic, payload) => entrance.take(payload),
        onError: (error) => onLinkDown(error, id),
        ...(keepAliveSeconds !== undefined && { keepAliveSeconds }),
      }),
    };
    return employer;
  }

  // ── Partitions ──

  #hold(workers: ReadonlySet<string>): void {
    const { id } = this.#options.nodes.self;
    const before = this.#workers ?? new Set([...workers].filter((worker) => worker !== id));
    this.#workers = workers;
    const wanted = new Set(partitionsOf(id, workers));
    this.#drop([...this.#held].filter((partition) => !wanted.has(partition)));
    for (const partition of this.#coming.keys()) if (!wanted.has(partition)) this.#cancel(partition);
    const now: number[] = [];
    for (const partition of wanted) {
      if (this.#held.has(partition) || this.#coming.has(partition)) continue;
      const earlier = holderOf(partition, before);
      if (earlier !== undefined && earlier !== id && workers.has(earlier)) this.#await(partition);
      else now.push(partition);
    }
    this.#take(now);
  }

  /** Who held it lives and has work of it in hand: it is taken when that is done, as far as that can be told. */
  #await(partition: number): void {
    const timer = setTimeout(() => {
      this.#coming.delete(partition);
      this.#take([partition]);
    }, this.#options.handOverMs ?? handOverDefaultMs).unref();
    this.#coming.set(partition, timer);
  }

  #cancel(partition: number): void {
    clearTimeout(this.#coming.get(partition));
    this.#coming.delete(partition);
  }

  #take(partitions: readonly number[]): void {
    for (const partition of partitions) this.#held.add(partition);
    for (const { open } of this.#employers.values()) open?.subscribe(partitions.map(workTopic));
  }

  #drop(partitions: readonly number[]): void {
    for (const partition of partitions) this.#held.delete(partition);
    for (const { open } of this.#employers.values()) open?.unsubscribe(partitions.map(workTopic));
  }

  /**
   * Takes no more work, answers what it has, and leaves the brokers. Who leaves the nodes before it has others in its place
   * at once.
   */
  async close(): Promise<void> {
    this.#isLeaving = true;
    for (const end of this.#ends) end();
    for (const partition of [...this.#coming.keys()]) this.#cancel(partition);
    this.#drop([...this.#held]);
    await this.#options.sender.drained();
    await setImmediate();
    await Promise.all([...this.#employers.values()].map(({ link }) => link.close()));
  }
}
