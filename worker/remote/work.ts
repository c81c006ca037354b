import type { Route } from '../../policy/routes.ts';
import type { ForwardMark, Outgoing, OutgoingDocument } from '../../schemas/messages.ts';
import { changeBodies, isChange, messageBodies } from '../../schemas/messages.ts';
import { nodeFrames } from '../../schemas/work.ts';
import type { Submission } from '../../store/timeline.ts';
import type { AdmittedForward } from '../door.ts';
import { ByteReader, ByteWriter, blockSize, nameSize, UnreadableBatch } from './bytes.ts';

/** What a sender wants of a worker; `number` is the sender's own, for the answer. */
export type Work = MessageWork | SubmitWork | ForwardWork;

/** A message or change, as the broker or a door of the API took it. */
export interface MessageWork {
  readonly kind: 'message';
  readonly number: number;
  readonly route: Pick<Route, 'conv' | 'from' | 'asSystem' | 'found'>;
  readonly outgoing: Outgoing;
}

/** An event of the server's own. */
export interface SubmitWork {
  readonly kind: 'submit';
  readonly number: number;
  readonly submission: Submission;
}

/** What was said elsewhere, all or none. */
export interface ForwardWork {
  readonly kind: 'forward';
  readonly number: number;
  readonly route: Pick<Route, 'conv' | 'from'>;
  readonly messages: AdmittedForward['messages'];
}

/** A batch on its way. */
export interface WorkBatch {
  readonly link: number;
  /** Who hears the answers. */
  readonly node: string;
  /** By a clock of the sender that never goes back, ms. */
  readonly sentAtMs: number;
  readonly work: readonly Work[];
}

const kinds = { message: 1, submit: 2, forward: 3 } as const;
const flags = { asSystem: 1, found: 2, document: 4, counts: 8, target: 16, replaces: 32 } as const;
/** Their places go over the wire: new ones come at the end. */
const types = [...Object.keys(messageBodies), ...Object.keys(changeBodies), 'system'] as Outgoing['type'][];
const places = new Map<string, number>(types.map((type, place) => [type, place]));

const headSize = (node: string): number => 1 + 4 + 8 + nameSize(node);

/** Bytes of one piece of work on the wire. */
export function sizeOf(work: Work): number {
  if (work.kind === 'message') {
    const { route, outgoing } = work;
    return 7 + nameSize(route.conv) + nameSize(route.from) + nameSize(outgoing.id) + blockSize(outgoing.raw);
  }
  if (work.kind === 'submit') {
    const { conv, from, id, raw, target, replaces } = work.submission;
    let size = 6 + nameSize(conv) + nameSize(from) + nameSize(id) + blockSize(raw);
    if (target !== undefined) size += 8;
    if (replaces !== undefined) size += 4;
    for (const replaced of replaces ?? []) size += 8 + blockSize(replaced.raw);
    return size;
  }
  const { route, messages } = work;
  let size = 6 + nameSize(route.conv) + nameSize(route.from) + 4;
  for (const { outgoing, forward } of messages)
    size += 1 + nameSize(outgoing.id) + blockSize(outgoing.raw) + blockSize(markBytes(forward));
  return size;
}

const markBytes = (forward: ForwardMark): Buffer => Buffer.from(JSON.stringify(forward));

/** Whether the worker looks into the message; otherwise its bytes are enough. */
const needsDocument = ({ asSystem }: MessageWork['route'], { type, document }: Outgoing): boolean =>
  document !== undefined &&
  (asSystem === true || document.mentions !== undefined || document.replyTo !== undefined || isChange(type));

/** `bytes` is what `sizeOf` says of all the work together. */
export function encodeWork({ link, node, sentAtMs, work }: WorkBatch, bytes: number): Buffer {
  const to = new ByteWriter(headSize(node) + bytes);
  to.byte(nodeFrames.work);
  to.uint32(link);
  to.number(sentAtMs);
  to.name(node);
  for (const one of work) put(to, one);
  return to.bytes;
}

function put(to: ByteWriter, work: Work): void {
  to.byte(kinds[work.kind]);
  if (work.kind === 'message') {
    const { route, outgoing, number } = work;
    to.byte(
      (route.asSystem ? flags.asSystem : 0) |
        (route.found ? flags.found : 0) |
        (needsDocument(route, outgoing) ? flags.document : 0),
    );
    to.uint32(number);
    to.byte(places.get(outgoing.type)!);
    to.name(route.conv);
    to.name(route.from);
    to.name(outgoing.id);
    to.block(outgoing.raw);
  } else if (work.kind === 'submit') putSubmission(to, work);
  else putForward(to, work);
}

function putSubmission(to: ByteWriter, { number, submission }: SubmitWork): void {
  const { conv, from, id, counts, raw, target, replaces } = submission;
  to.byte(
    (counts ? flags.counts : 0) |
      (target === undefined ? 0 : flags.target) |
      (replaces === undefined ? 0 : flags.replaces),
  );
  to.uint32(number);
  to.name(conv);
  to.name(from);
  to.name(id);
  to.block(raw);
  if (target !== undefined) to.number(target);
  if (replaces === undefined) return;
  to.uint32(replaces.length);
  for (const replaced of replaces) {
    to.number(replaced.seq);
    to.block(replaced.raw);
  }
}

function putForward(to: ByteWriter, { number, route, messages }: ForwardWork): void {
  to.byte(0);
  to.uint32(number);
  to.name(route.conv);
  to.name(route.from);
  to.uint32(messages.length);
  for (const { outgoing, forward } of messages) {
    to.byte(places.get(outgoing.type)!);
    to.name(outgoing.id);
    to.block(outgoing.raw);
    to.block(markBytes(forward));
  }
}

/** Reads a batch; the bytes of messages are shared with it. Throws UnreadableBatch. */
export function decodeWork(batch: Buffer): WorkBatch {
  const from = new ByteReader(batch);
  if (from.byte() !== nodeFrames.work) throw new UnreadableBatch();
  const link = from.uint32();
  const sentAtMs = from.number();
  const node = from.name();
  const work: Work[] = [];
  while (!from.isAtEnd) work.push(take(from));
  return { link, node, sentAtMs, work };
}

function take(from: ByteReader): Work {
  const kind = from.byte();
  const flag = from.byte();
  const number = from.uint32();
  switch (kind) {
    case kinds.message:
      return takeMessage(from, flag, number);
    case kinds.submit:
      return { kind: 'submit', number, submission: takeSubmission(from, flag) };
    case kinds.forward:
      return takeForward(from, number);
    default:
      throw new UnreadableBatch();
  }
}

function takeMessage(from: ByteReader, flag: number, number: number): MessageWork {
  const type = takeType(from);
  const conv = from.name();
  const sender = from.name();
  const route = {
    conv,
    from: sender,
    asSystem: (flag & flags.asSystem) !== 0,
    found: (flag & flags.found) !== 0,
  };
  const id = from.name();
  const raw = from.block();
  // What was checked where it came in is not checked again.
  const document = (flag & flags.document) === 0 ? {} : { document: documentIn(raw) };
  return { kind: 'message', number, route, outgoing: { id, type, raw, ...document } };
}

const documentIn = (raw: Buffer): OutgoingDocument => JSON.parse(raw.toString('utf8')) as OutgoingDocument;

function takeType(from: ByteReader): Outgoing['type'] {
  const type = types[from.byte()];
  if (type === undefined) throw new UnreadableBatch();
  return type;
}

function takeSubmission(from: ByteReader, flag: number): Submission {
  const submission = {
    conv: from.name(),
    from: from.name(),
    id: from.name(),
    counts: (flag & flags.counts) !== 0,
    raw: from.block(),
    ...((flag & flags.target) !== 0 && { target: from.number() }),
  };
  if ((flag & flags.replaces) === 0) return submission;
  const replaces = [];
  for (let left = from.uint32(); left > 0; left--) replaces.push({ seq: from.number(), raw: from.block() });
  return { ...submission, replaces };
}

function takeForward(from: ByteReader, number: number): ForwardWork {
  const route = { conv: from.name(), from: from.name() };
  const messages = [];
  for (let left = from.uint32(); left > 0; left--) {
    const type = takeType(from);
    const id = from.name();
    const raw = from.block();
    const forward = JSON.parse(from.block().toString('utf8')) as ForwardMark;
    messages.push({ outgoing: { id, type, raw, document: documentIn(raw) }, forward });
  }
  return { kind: 'forward', number, route, messages };
}
