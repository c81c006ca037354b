import type { Route } from '../policy/routes.ts';
import { WordFilter } from '../policy/words.ts';
import type { Config } from '../schemas/config.ts';
import type { MessageType, Outgoing } from '../schemas/messages.ts';
import { Hook } from './moderation/hook.ts';
import type { ModerationObserver } from './moderation/observer.ts';
import { hookStep } from './moderation/review.ts';
import { wordStep } from './moderation/words.ts';

/**
 * Looks at a message or an edit before it is stored: answers it as it is or with another body, or rejects with PetrelError
 * `send.rejected` or `moderation.unavailable`.
 * @param bodyType what its body (an edit's new body) must fit
 */
export type Moderate = (
  route: Pick<Route, 'conv' | 'from' | 'target'>,
  outgoing: Outgoing,
  bodyType: MessageType,
) => Promise<Outgoing>;

export interface Moderation {
  readonly moderate: Moderate;
  close(): void;
}

/** What the configuration wants to be looked at; undefined where that is nothing. */
export function createModeration(
  config: Config['moderation'],
  observer: ModerationObserver,
): Moderation | undefined {
  const filter = new WordFilter(config.words);
  const steps: Moderate[] = [];
  if (!filter.isEmpty) steps.push(wordStep(filter, config.wordsAction, observer));
  const hook =
    config.url === undefined
      ? undefined
      : new Hook({
          url: config.url,
          timeoutMs: config.timeout,
          ...(config.secret !== undefined && { secret: config.secret }),
        });
  if (hook !== undefined) steps.push(hookStep(hook, config.onFailure, observer));
  if (steps.length === 0) return undefined;
  return {
    async moderate(route, outgoing, bodyType) {
      let passed = outgoing;
      for (const step of steps) passed = await step(route, passed, bodyType);
      return passed;
    },
    close: () => hook?.close(),
  };
}
