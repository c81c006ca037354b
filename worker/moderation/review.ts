import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { PetrelError } from '../../schemas/errors.ts';
import { documentOf, type MessageType, type Outgoing } from '../../schemas/messages.ts';
import type { Moderate } from '../moderation.ts';
import { Breaker } from './breaker.ts';
import { type Hook, HookFailure } from './hook.ts';
import type { ModerationObserver } from './observer.ts';
import { readVerdict, type Verdict } from './verdict.ts';

const tellAgainMs = 60_000;
const rememberedVerdicts = 10_000;
const rememberMs = 60_000;

/** Asks the hook about each message; without a usable answer the configuration decides. */
export function hookStep(hook: Hook, onFailure: 'allow' | 'refuse', observer: ModerationObserver): Moderate {
  const breaker = new Breaker({ onOpen: () => observer.resting(), onClose: () => observer.answering() });
  // What was allowed a moment ago and comes again, unchanged, is a repeat: it is not asked about twice.
  const allowed = new LRUCache<string, string>({ max: rememberedVerdicts, ttl: rememberMs });
  let toldAt = Number.NEGATIVE_INFINITY;
  const fail = ({ message }: HookFailure, outgoing: Outgoing): Outgoing => {
    observer.checked('hook', 'failed');
    if (performance.now() - toldAt >= tellAgainMs) {
      toldAt = performance.now();
      observer.failing(message);
    }
    if (onFailure === 'allow') return outgoing;
    throw new PetrelError('moderation.unavailable');
  };
  const ask = async (question: object, outgoing: Outgoing, bodyType: MessageType): Promise<Verdict> => {
    if (!breaker.admits()) throw new HookFailure('it does not answer', true);
    try {
      const answer = await hook.ask(question);
      breaker.succeeded();
      return readVerdict(answer, outgoing, bodyType);
    } catch (error) {
      if (error instanceof HookFailure && error.isSilent) breaker.failed();
      else breaker.succeeded();
      throw error;
    }
  };

  return async ({ conv, from, target }, outgoing, bodyType) => {
    const key = `${conv} ${from} ${outgoing.id}`;
    const digest = createHash('sha256').update(outgoing.raw).digest('base64');
    if (allowed.get(key) === digest) return outgoing;
    const { id, type, body, replyTo, mentions } = documentOf(outgoing);
    const question = { conv, from, to: target.name, id, type, body, replyTo, mentions };
    let verdict: Verdict;
    try {
      verdict = await ask(question, outgoing, bodyType);
    } catch (error) {
      if (error instanceof HookFailure) return fail(error, outgoing);
      throw error;
    }
    switch (verdict.action) {
      case 'allow':
        observer.checked('hook', 'allowed');
        allowed.set(key, digest);
        return outgoing;
      case 'replace':
        observer.checked('hook', 'changed');
        return verdict.outgoing;
      case 'refuse':
        observer.checked('hook', 'refused');
        throw verdict.error;
    }
  };
}
