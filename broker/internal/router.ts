import {
  doneTopic,
  encodeHolders,
  linkOf,
  nodeTopic,
  partitionCount,
  workTopic,
} from '../../schemas/work.ts';
import type { PortListener, WorkPort } from '../../worker/remote/port.ts';
import { reasons } from '../gate/fault.ts';

/** A node's connection, as far as the router is concerned. */
export interface NodePeer {
  /** The node's id. */
  readonly node: string;
  send(topic: string, payload: Buffer): void;
  end(): void;
}

export interface NodeRouterOptions {
  /** Told of a node whose connection was closed from its side without a goodbye. */
  readonly onLost?: (node: string) => void;
}

/**
 * Passes work to the workers that subscribed to its partitions, and answers to the nodes that they are for. A link is one
 * connection of a node; its number is never given again.
 */
export class NodeRouter implements WorkPort {
  readonly #peers = new Map<number, NodePeer>();
  /** By partition: the links that subscribed to it, the newest last, which is the one that gets the work. */
  readonly #subscribed: number[][] = Array.from({ length: partitionCount }, () => []);
  /** Links by the node whose answers they hear. */
  readonly #hearing = new Map<string, number>();
  #own: { readonly node: string; readonly listener: PortListener } | undefined;
  readonly #onLost: (node: string) => void;
  #lastLink = 0;

  constructor({ onLost = () => {} }: NodeRouterOptions = {}) {
    this.#onLost = onLost;
  }

  attach(node: string, listener: PortListener): void {
    this.#own = { node, listener };
    listener.onHolders(this.#holders());
  }

  publish(link: number, partition: number, batch: Buffer): void {
    this.#peers.get(link)?.send(workTopic(partition), batch);
  }

  // ── What connections of nodes do ──

  /** Answers the number of the link. An older connection of the node is ended. */
  enter(peer: NodePeer): number {
    for (const older of [...this.#peers.values()]) if (older.node === peer.node) older.end();
    this.#lastLink++;
    this.#peers.set(this.#lastLink, peer);
    return this.#lastLink;
  }

  leave(link: number): void {
    const peer = this.#peers.get(link);
    if (peer === undefined) return;
    this.#peers.delete(link);
    if (this.#hearing.get(peer.node) === link) this.#hearing.delete(peer.node);
    let held = false;
    for (let partition = 0; partition < partitionCount; partition++)
      held = this.#unsubscribe(partition, link) || held;
    if (held) this.#tell();
  }

  /** The node closed the connection, or its process ended. */
  lost(link: number): void {
    const peer = this.#peers.get(link);
    this.leave(link);
    if (peer !== undefined) this.#onLost(peer.node);
  }

  /** Answers the SUBACK's codes; `settled` is to be called when they are on their way. */
  subscribe(link: number, filters: readonly string[]): { codes: number[]; settled: () => void } {
    const peer = this.#peers.get(link)!;
    let works = false;
    let hears = false;
    const codes = filters.map((filter): number => {
      const topic = nodeTopic(filter);
      if (topic?.kind === 'work') {
        this.#unsubscribe(topic.partition, link);
        this.#subscribed[topic.partition]!.push(link);
        works = true;
        return reasons.success;
      }
      if (topic?.node !== peer.node) return reasons.notAuthorized;
      this.#hearing.set(peer.node, link);
      hears = true;
      return reasons.success;
    });
    const settled = (): void => {
      if (works) this.#tell();
      else if (hears) peer.send(doneTopic(peer.node), encodeHolders(this.#holders()));
    };
    return { codes, settled };
  }

  unsubscribe(link: number, filters: readonly string[]): number[] {
    let left = false;
    const codes = filters.map((filter): number => {
      const topic = nodeTopic(filter);
      if (topic?.kind !== 'work' || !this.#unsubscribe(topic.partition, link))
        return reasons.noSubscriptionExisted;
      left = true;
      return reasons.success;
    });
    if (left) this.#tell();
    return codes;
  }

  /** Answers whether nodes may publish there. */
  route(topic: string, payload: Buffer): boolean {
    const meant = nodeTopic(topic);
    if (meant === undefined) return false;
    if (meant.kind === 'work') this.#peers.get(linkOf(payload))?.send(topic, payload);
    else if (meant.node === this.#own?.node) this.#own.listener.onAnswers(payload);
    else this.#peers.get(this.#hearing.get(meant.node) ?? 0)?.send(topic, payload);
    return true;
  }

  // ── Who holds what ──

  #holders(): number[] {
    return this.#subscribed.map((links) => links.at(-1) ?? 0);
  }

  #unsubscribe(partition: number, link: number): boolean {
    const links = this.#subscribed[partition]!;
    const at = links.indexOf(link);
    if (at !== -1) links.splice(at, 1);
    return at !== -1;
  }

  #tell(): void {
    const holders = this.#holders();
    this.#own?.listener.onHolders(holders);
    if (this.#hearing.size === 0) return;
    const bytes = encodeHolders(holders);
    for (const link of this.#hearing.values()) {
      const peer = this.#peers.get(link)!;
      peer.send(doneTopic(peer.node), bytes);
    }
  }

  /** Ends the connections of all nodes. */
  close(): void {
    for (const peer of [...this.#peers.values()]) peer.end();
  }
}
