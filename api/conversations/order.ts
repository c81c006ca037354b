import { PetrelError } from '../../schemas/errors.ts';
import type { ConvId } from '../../schemas/event.ts';

/** Where a conversation stands in the list: pinned ones first, then by time; the id decides within a moment. */
export interface Position {
  readonly pinned: boolean;
  /** When it was pinned, or the time of its newest event; ms. */
  readonly at: number;
  readonly conv: ConvId;
}

/** Negative where `a` comes first: the newest of its kind. */
export function compare(a: Position, b: Position): number {
  if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
  return b.at - a.at || (a.conv < b.conv ? -1 : Number(a.conv > b.conv));
}

export const positionText = ({ pinned, at, conv }: Position): string => `${pinned ? 'p' : 'r'} ${at} ${conv}`;

/** The position a page begins behind; undefined for the first page, `request.invalid` for what we did not make. */
export function parsePosition(text: string): Position | undefined {
  if (text === '') return undefined;
  const [, kind, at, conv] = /^([pr]) (\d{1,16}) (\S{1,131})$/.exec(text) ?? [];
  if (kind === undefined) throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
  return { pinned: kind === 'p', at: Number(at), conv: conv! };
}
