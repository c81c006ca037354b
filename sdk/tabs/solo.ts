import { State } from '../signal.ts';
import type { Tabs } from '../tabs.ts';
import { Turns } from './turns.ts';

/** A client that is alone with its storage, as in Node: it leads from the beginning. */
export class SoloTabs implements Tabs {
  readonly isLeader = new State(true);
  readonly #turns = new Turns();

  post(): void {}

  onMessage(): () => void {
    return () => {};
  }

  exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(name, work);
  }

  async close(): Promise<void> {}
}
