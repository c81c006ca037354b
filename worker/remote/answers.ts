import { type ErrorCode, errors, PetrelError } from '../../schemas/errors.ts';
import { nodeFrames } from '../../schemas/work.ts';
import type { Appended } from '../../store/timeline.ts';
import type { Forwarded } from '../sends.ts';
import { ByteReader, ByteWriter, blockSize, nameSize, UnreadableBatch } from './bytes.ts';

/** What became of one piece of work. */
export type Answer =
  | { readonly kind: 'stored'; readonly number: number; readonly place: Appended }
  | { readonly kind: 'forwarded'; readonly number: number; readonly messages: readonly Forwarded[] }
  | { readonly kind: 'failed'; readonly number: number; readonly error: PetrelError };

export interface AnswerBatch {
  /** The link that the work came by. */
  readonly link: number;
  /** Bytes that the sender may leave unanswered on that link from now on. */
  readonly creditBytes: number;
  readonly answers: readonly Answer[];
}

const kinds = { stored: 1, repeat: 2, forwarded: 3, failed: 4 } as const;
const headSize = 1 + 4 + 4;
const placeSize = 3 * 8;
const textOf = ({ code, message }: PetrelError): Buffer =>
  Buffer.from(message === errors[code].message ? '' : message);

function sizeOf(answer: Answer): number {
  switch (answer.kind) {
    case 'stored':
      return 5 + placeSize;
    case 'forwarded':
      return answer.messages.reduce((size, { id }) => size + nameSize(id) + 17, 5 + 4);
    case 'failed':
      return 5 + nameSize(answer.error.code) + blockSize(textOf(answer.error)) + 8;
  }
}

export function encodeAnswers({ link, creditBytes, answers }: AnswerBatch): Buffer {
  let size = headSize;
  for (const answer of answers) size += sizeOf(answer);
  const to = new ByteWriter(size);
  to.byte(nodeFrames.answers);
  to.uint32(link);
  to.uint32(creditBytes);
  for (const answer of answers) put(to, answer);
  return to.bytes;
}

function put(to: ByteWriter, answer: Answer): void {
  switch (answer.kind) {
    case 'stored': {
      const { seq, n, ts, repeat } = answer.place;
      to.byte(repeat ? kinds.repeat : kinds.stored);
      to.uint32(answer.number);
      to.number(seq);
      to.number(n);
      to.number(ts);
      return;
    }
    case 'forwarded':
      to.byte(kinds.forwarded);
      to.uint32(answer.number);
      to.uint32(answer.messages.length);
      for (const { id, seq, ts, repeat } of answer.messages) {
        to.name(id);
        to.number(seq);
        to.number(ts);
        to.byte(repeat ? 1 : 0);
      }
      return;
    case 'failed':
      to.byte(kinds.failed);
      to.uint32(answer.number);
      to.name(answer.error.code);
      to.block(textOf(answer.error));
      to.number(answer.error.retryAfterMs ?? -1);
  }
}

/** Throws UnreadableBatch. */
export function decodeAnswers(batch: Buffer): AnswerBatch {
  const from = new ByteReader(batch);
  if (from.byte() !== nodeFrames.answers) throw new UnreadableBatch();
  const link = from.uint32();
  const creditBytes = from.uint32();
  const answers: Answer[] = [];
  while (!from.isAtEnd) answers.push(take(from));
  return { link, creditBytes, answers };
}

function take(from: ByteReader): Answer {
  const kind = from.byte();
  const number = from.uint32();
  switch (kind) {
    case kinds.stored:
    case kinds.repeat: {
      const place = {
        seq: from.number(),
        n: from.number(),
        ts: from.number(),
        repeat: kind === kinds.repeat,
      };
      return { kind: 'stored', number, place };
    }
    case kinds.forwarded: {
      const messages: Forwarded[] = [];
      for (let left = from.uint32(); left > 0; left--)
        messages.push({
          id: from.name(),
          seq: from.number(),
          ts: from.number(),
          repeat: from.byte() === 1,
        });
      return { kind: 'forwarded', number, messages };
    }
    case kinds.failed:
      return { kind: 'failed', number, error: takeError(from) };
    default:
      throw new UnreadableBatch();
  }
}

function takeError(from: ByteReader): PetrelError {
  const code = from.name();
  const message = from.block().toString('utf8');
  const retryAfterMs = from.number();
  // A worker of a newer version may know errors that are not known here.
  const known = Object.hasOwn(errors, code) ? (code as ErrorCode) : 'store.unavailable';
  return new PetrelError(known, message === '' ? undefined : message, {
    ...(retryAfterMs >= 0 && { retryAfterMs }),
  });
}
