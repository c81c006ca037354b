import { Sightings } from '../broker/devices/sightings.ts';
import type { Session } from '../broker/hub/session.ts';
import { LocalStates } from '../broker/presence/local.ts';
import { SharedStates } from '../broker/presence/shared.ts';
import { Presence } from '../broker/presence.ts';
import { Sight } from '../policy/presence.ts';
import { directConv } from '../schemas/event.ts';
import type { Access } from './access.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import type { State } from './state.ts';
import type { Stores } from './stores.ts';

export interface PresenceOptions extends Base, Stores {
  readonly state: State;
  readonly access: Pick<Access, 'facts'>;
  /** The user's sessions on this node. */
  readonly sessionsOf: (uid: string) => readonly Session[];
}

/** Who is there, and who may see it. */
export interface PresenceParts {
  readonly sight: Sight;
  readonly presence: Presence;
  readonly sightings: Sightings;
  /** A connection of the user came to this node, or went. */
  readonly changed: (uid: string) => void;
}

export function createPresence(options: PresenceOptions, closing: Closing): PresenceParts {
  const { config, timeline, directory, state, access, sessionsOf, now, onError } = options;
  const { bus, nodes } = state;
  const sight = new Sight({
    policy: config.presence.policy,
    facts: access.facts,
    talked: async (a, b) => (await timeline.heads([directConv(a, b)]))[0] !== undefined,
  });
  const local = state.kind === 'memory' ? new LocalStates({ sessionsOf, directory, now }) : undefined;
  const states =
    state.kind === 'memory'
      ? local!
      : new SharedStates({
          ...{ online: state.online, directory, bus, nodes, now, onError },
          isHere: (uid) => sessionsOf(uid).length > 0,
        });
  const presence = new Presence({ states, sessionsOf, sight, directory, bus, now, onError });
  closing.add(() => presence.close());
  const sightings = new Sightings({ directory, bus, now, onError });
  closing.add(() => sightings.close());
  return { sight, presence, sightings, changed: (uid) => local?.changed(uid) };
}
