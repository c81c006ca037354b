import type { CustomRecord } from '../custom.ts';
import { decodeRecord, encodeRecord } from './codec.ts';

/** What is kept of a will besides its message. */
export interface WillTerms {
  readonly delaySeconds: number;
  /** Of the client's token: by them the will was allowed. */
  readonly scopes: readonly string[];
}

/** A will's message as one process keeps it: the terms are in the text of its properties, beside the text of its own. */
export interface WillText extends WillTerms {
  readonly properties: string;
  /** When it is due, ms, where several nodes had it and its client had gone. */
  readonly dueAt?: number;
}

interface Shared extends WillTerms {
  /** In base64. */
  readonly body: string;
}

/** A will as several nodes keep it, but for its time. */
export const encodeWill = (body: Buffer, { delaySeconds, scopes }: WillTerms): string =>
  JSON.stringify({ delaySeconds, scopes, body: body.toString('base64') } satisfies Shared);

export function decodeWill(text: string): { readonly body: Buffer; readonly terms: WillTerms } {
  const { body, ...terms } = JSON.parse(text) as Shared;
  return { body: Buffer.from(body, 'base64'), terms };
}

/** From the form of one process to that of several. */
export function toShared({ properties, ...message }: CustomRecord): {
  readonly record: string;
  readonly dueAt?: number;
} {
  const { properties: own, dueAt, ...terms } = JSON.parse(properties!) as WillText;
  const record = encodeWill(encodeRecord({ ...message, properties: own }), terms);
  return { record, ...(dueAt !== undefined && { dueAt }) };
}

/** The way back. */
export function fromShared(record: string, dueAt?: number): CustomRecord {
  const { body, terms } = decodeWill(record);
  const { delaySeconds, scopes } = terms;
  const { properties = '{}', ...message } = decodeRecord(body);
  const text: WillText = { delaySeconds, scopes, properties, ...(dueAt !== undefined && { dueAt }) };
  return { ...message, properties: JSON.stringify(text) };
}
