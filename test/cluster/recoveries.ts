import type { Load } from './load/load.ts';

/** What one fault cost those who use the cluster, ms. */
interface Row {
  readonly name: string;
  readonly faultMs: number;
  /** The longest time in which nothing was acknowledged in a conversation: of the worst one, and of the median. */
  readonly worstSilenceMs: number;
  readonly medianSilenceMs: number;
  /** From the end of the fault until the last conversation had an acknowledged message again. */
  readonly recoveryMs: number;
  /** From the end of the fault until all was at all its receivers and checked. */
  readonly completeMs: number;
  readonly messages: number;
  readonly repeats: number;
  readonly syncs: number;
}

export interface Recovery {
  /** The fault is over. */
  healed(): void;
  /** All is checked. */
  ended(): void;
}

/** How long what takes, fault by fault. */
export class Recoveries {
  readonly #load: Load;
  readonly #rows: Row[] = [];

  constructor(load: Load) {
    this.#load = load;
  }

  begin(name: string): Recovery {
    const beganAt = Date.now();
    const before = this.#totals();
    let healedAt = beganAt;
    return {
      healed: () => {
        healedAt = Date.now();
      },
      ended: () => {
        const endedAt = Date.now();
        const silences = this.#silences(beganAt).sort((a, b) => a - b);
        const after = this.#totals();
        this.#rows.push({
          name,
          faultMs: healedAt - beganAt,
          worstSilenceMs: silences.at(-1)!,
          medianSilenceMs: silences[silences.length >> 1]!,
          recoveryMs: Math.max(...this.#firstAfter(healedAt)) - healedAt,
          completeMs: endedAt - healedAt,
          messages: after.messages - before.messages,
          repeats: after.repeats - before.repeats,
          syncs: after.syncs - before.syncs,
        });
      },
    };
  }

  /** One line a fault. */
  table(): string {
    if (this.#rows.length === 0) return '';
    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    const lines = this.#rows.map((row) => [
      row.name,
      ...[row.faultMs, row.worstSilenceMs, row.medianSilenceMs, row.recoveryMs, row.completeMs].map(seconds),
      ...[row.messages, row.repeats, row.syncs].map(String),
    ]);
    const head = [
      'fault',
      'lasted s',
      'longest silence s',
      'median s',
      'all send again s',
      'all complete s',
      'messages',
      'repeats',
      'gaps seen',
    ];
    return `\n${[head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
  }

  #times(): number[][] {
    const acknowledged = this.#load.acknowledged();
    return this.#load.talks.map(({ conv }) =>
      (acknowledged.get(conv) ?? []).map(({ ackedAt }) => ackedAt!).sort((a, b) => a - b),
    );
  }

  #silences(since: number): number[] {
    return this.#times().map((times) => {
      const during = [since, ...times.filter((at) => at > since)];
      return Math.max(...during.slice(1).map((at, i) => at - during[i]!));
    });
  }

  #firstAfter(since: number): number[] {
    return this.#times().map((times) => times.find((at) => at >= since) ?? since);
  }

  #totals(): Pick<Row, 'messages' | 'repeats' | 'syncs'> {
    const { senders, changers, receivers } = this.#load;
    const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
    return {
      messages: sum([...senders, ...changers].map(({ acknowledged }) => acknowledged.length)),
      repeats: sum(
        [...receivers.present, receivers.away, ...receivers.guests].map(({ kept }) => kept.repeats),
      ),
      syncs: sum(receivers.live.map(({ jumps }) => jumps)),
    };
  }
}
