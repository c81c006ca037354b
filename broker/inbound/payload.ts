import { isUtf8 } from 'node:buffer';
import type { Static, TObject } from 'typebox';
import type { Validator } from 'typebox/compile';
import { PetrelError } from '../../schemas/errors.ts';

/** A small JSON object that fits its schema. Throws PetrelError `payload.invalid`. */
export function parsePayload<T extends TObject>(
  payload: Buffer,
  check: Validator<Record<never, never>, T>,
): Static<T> {
  if (!isUtf8(payload)) throw new PetrelError('payload.invalid', 'The payload is not UTF-8.');
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch {
    throw new PetrelError('payload.invalid', 'The payload is not JSON.');
  }
  if (!check.Check(value)) {
    const [first] = check.Errors(value);
    throw new PetrelError('payload.invalid', `${first?.instancePath || 'payload'}: ${first?.message}`);
  }
  return value;
}
