import type { PetrelError } from '../../schemas/errors.ts';
import type { Appended } from '../../store/timeline.ts';
import type { Receiver } from '../commit.ts';
import type { Forwarded } from '../sends.ts';
import { type Answer, encodeAnswers } from './answers.ts';

export interface DeskOptions {
  readonly link: number;
  /** Bytes that the sender may leave unanswered. */
  readonly creditBytes: () => number;
  readonly send: (batch: Buffer) => void;
}

/** Where the answers for one sender are gathered: what a turn brings leaves in one batch. */
export class Desk {
  readonly link: number;
  readonly #options: DeskOptions;
  #answers: Answer[] = [];

  constructor(options: DeskOptions) {
    this.link = options.link;
    this.#options = options;
  }

  answer(answer: Answer): void {
    if (this.#answers.length === 0) setImmediate(this.#flush);
    this.#answers.push(answer);
  }

  readonly #flush = (): void => {
    const answers = this.#answers;
    this.#answers = [];
    const { creditBytes, send } = this.#options;
    send(encodeAnswers({ link: this.link, creditBytes: creditBytes(), answers }));
  };
}

/** Waits for one answer. */
export class Ticket implements Receiver {
  readonly #desk: Desk;
  readonly #number: number;

  constructor(desk: Desk, number: number) {
    this.#desk = desk;
    this.#number = number;
  }

  stored(place: Appended): void {
    this.#desk.answer({ kind: 'stored', number: this.#number, place });
  }

  forwarded(messages: readonly Forwarded[]): void {
    this.#desk.answer({ kind: 'forwarded', number: this.#number, messages });
  }

  failed(error: PetrelError): void {
    this.#desk.answer({ kind: 'failed', number: this.#number, error });
  }
}
