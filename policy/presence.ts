import type { DirectFacts } from '../store/directory.ts';

export type PresencePolicy = 'contacts' | 'friends' | 'nobody';

/** Whether a user may see another's presence and typing; `talked`: they have a direct conversation. */
export function maySeePresence(policy: PresencePolicy, facts: DirectFacts, talked: boolean): boolean {
  if (policy === 'nobody' || !facts.exists || facts.blocked) return false;
  return facts.friends || (policy === 'contacts' && talked);
}
