import type { Credentials } from '../../../sdk/auth/credentials.ts';
import { Connection, type ConnectionOptions } from '../../../sdk/transport/connection.ts';
import { dial } from '../../../sdk/transport/mqtt.ts';
import { until } from '../../support/until.ts';

/** A token that is always good. */
export const constant = (token: string): Credentials => ({
  token: async () => token,
  refused() {},
  banned() {},
  onRenewed: () => () => {},
});

/** A connection under test, and what came over it. */
export class Line {
  readonly connection: Connection;
  /** Texts of the messages that came in events, in order. */
  readonly texts: string[] = [];
  readonly topics: string[] = [];
  readonly errors: unknown[] = [];
  /** States since the beginning. */
  readonly states: string[] = [];
  /** How often it was accepted. */
  connects = 0;
  /** What the handler of messages waits for. */
  gate: () => Promise<void> = async () => {};
  #ids = 0;

  constructor(options: Partial<ConnectionOptions> & Pick<ConnectionOptions, 'url' | 'credentials'>) {
    this.connection = new Connection({
      dial,
      clientId: () => 'client-1',
      onError: (error) => this.errors.push(error),
      ...options,
    });
    this.connection.state.subscribe((state) => this.states.push(state));
    this.connection.onConnect(() => {
      this.connects++;
    });
    this.connection.onMessage(async (topic, payload) => {
      await this.gate();
      this.topics.push(topic);
      const { body } = JSON.parse(new TextDecoder().decode(payload)) as { body?: { text?: string } };
      if (body?.text !== undefined) this.texts.push(body.text);
    });
  }

  /** Starts it; resolves when it is online. */
  async online(): Promise<this> {
    this.connection.start();
    await until('the connection', () => this.connection.state.value === 'online', 20_000);
    return this;
  }

  /** When it is online for the `count`th time. */
  async again(count: number): Promise<void> {
    await until(
      'the next connection',
      () => this.connects >= count && this.connection.state.value === 'online',
      40_000,
    );
  }

  /** Sends a text; answers the properties of its acknowledgement. */
  say(to: string, text: string, id = `m-${++this.#ids}`) {
    return this.connection.publish(`send/u/${to}`, JSON.stringify({ id, type: 'text', body: { text } }));
  }
}
