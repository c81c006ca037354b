import { PetrelError } from '../../schemas/errors.ts';
import {
  checkBody,
  documentOf,
  isChange,
  type MessageType,
  type Outgoing,
  withBody,
} from '../../schemas/messages.ts';
import { HookFailure } from './hook.ts';

const maxReasonCharacters = 200;

/** What the hook decided. */
export type Verdict =
  | { readonly action: 'allow' }
  | { readonly action: 'refuse'; readonly error: PetrelError }
  | { readonly action: 'replace'; readonly outgoing: Outgoing };

/** Reads the hook's answer. Throws HookFailure for one that says nothing, or gives a body that does not fit. */
export function readVerdict(answer: unknown, outgoing: Outgoing, bodyType: MessageType): Verdict {
  const { action, reason, body } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  if (action === 'allow') return { action };
  if (action === 'refuse') return { action, error: new PetrelError('send.rejected', readable(reason)) };
  if (action === 'replace' && typeof body === 'object' && body !== null) {
    return { action, outgoing: replaced(outgoing, body as Record<string, unknown>, bodyType) };
  }
  throw new HookFailure('its answer names no action', false);
}

/** What a client may be told; undefined where nothing was said. */
function readable(reason: unknown): string | undefined {
  if (typeof reason !== 'string') return undefined;
  const text = reason.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return text === '' ? undefined : [...text].slice(0, maxReasonCharacters).join('');
}

function replaced(outgoing: Outgoing, body: Record<string, unknown>, bodyType: MessageType): Outgoing {
  try {
    if (!isChange(outgoing.type)) {
      checkBody(bodyType, body);
      return withBody(outgoing, body);
    }
    const { target } = documentOf(outgoing).body;
    checkBody(bodyType, body.body);
    return withBody(outgoing, { target, body: body.body });
  } catch {
    throw new HookFailure('its body does not fit the type', false);
  }
}
