import type { FilterAccess } from '../../policy/custom.ts';
import type { StoredSubscription } from '../../store/sessions.ts';

/** One subscription of a session. */
export interface Subscription {
  /** As the client gave it; `options.filter` has `$share/{name}/` in front where it is shared. */
  readonly options: StoredSubscription;
  /** What messages are matched with. */
  readonly filter: string;
  readonly share: string | undefined;
  readonly identifiers: readonly number[] | undefined;
  access: FilterAccess;
}
