/** A topic's alias on one connection. */
export interface TopicAlias {
  readonly number: number;
  /** Whether the client was told which topic it stands for. */
  known: boolean;
}

/** What a connection makes the server remember: so many topics of so many characters. */
const maxAliases = 16;
const maxTopicLength = 1024;
/** What an alias takes: a property, and at worst a longer property length. */
const aliasBytes = 4;

/** Topic aliases of what one connection is sent: the first topics that come get one, and keep it. [MQTT-3.3.2-10] */
export class OutboundAliases {
  readonly #maximum: number;
  readonly #aliases = new Map<string, TopicAlias>();

  /** `maximum` is the client's Topic Alias Maximum. [MQTT-3.1.2-26] [MQTT-3.1.2-27] */
  constructor(maximum: number) {
    this.#maximum = Math.min(maximum, maxAliases);
  }

  /** The topic's alias; undefined where it has none. */
  of(topic: string): TopicAlias | undefined {
    const known = this.#aliases.get(topic);
    if (known !== undefined) return known;
    if (this.#aliases.size >= this.#maximum) return undefined;
    if (topic.length <= aliasBytes || topic.length > maxTopicLength) return undefined;
    const alias = { number: this.#aliases.size + 1, known: false };
    this.#aliases.set(topic, alias);
    return alias;
  }
}
