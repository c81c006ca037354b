import type { WordFilter } from '../../policy/words.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { documentOf, isChange, type Outgoing, withBody } from '../../schemas/messages.ts';
import type { Moderate } from '../moderation.ts';
import type { ModerationObserver } from './observer.ts';
import { changeTexts, someText } from './texts.ts';

/** Refuses messages whose texts have one of the words, or masks the words. */
export function wordStep(
  filter: WordFilter,
  action: 'refuse' | 'mask',
  observer: ModerationObserver,
): Moderate {
  return async (_, outgoing, bodyType) => {
    const { body } = documentOf(outgoing);
    const inner = bodyOf(outgoing, body);
    if (!someText(bodyType, inner, (text) => filter.finds(text))) {
      observer.checked('words', 'allowed');
      return outgoing;
    }
    if (action === 'refuse') {
      observer.checked('words', 'refused');
      throw new PetrelError('send.rejected');
    }
    observer.checked('words', 'changed');
    // A copy of its own: what the sender's door holds stays as it is.
    const masked = JSON.parse(JSON.stringify(body)) as typeof body;
    changeTexts(bodyType, bodyOf(outgoing, masked), (text) => filter.mask(text));
    return withBody(outgoing, masked);
  };
}

/** The body that people see: of an edit, the new one. */
const bodyOf = ({ type }: Outgoing, body: Record<string, unknown>): Record<string, unknown> =>
  isChange(type) ? (body.body as Record<string, unknown>) : body;
