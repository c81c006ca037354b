import type { StoredEvent } from '../schemas/event.ts';
import type { OutgoingDocument } from '../schemas/messages.ts';

/** The sender's own members of a stored event. */
export interface RawDocument {
  readonly id: string;
  readonly type: string;
  /** Absent after a recall. */
  readonly body?: OutgoingDocument['body'];
  readonly recalled?: boolean;
  readonly mentions?: readonly string[];
  readonly forward?: OutgoingDocument['forward'];
}

export const parseRaw = ({ raw }: Pick<StoredEvent, 'raw'>): RawDocument =>
  JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8'));
