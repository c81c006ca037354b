import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { routeOf } from '../../policy/routes.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { groupConv } from '../../schemas/event.ts';
import type { Target } from '../../schemas/topics.ts';
import type { Bus, Notice } from '../../store/bus.ts';
import type { Connection } from '../connection.ts';
import type { BrokerContext } from '../context.ts';
import type { Hub } from '../hub/hub.ts';
import { parsePayload } from './payload.ts';

const body = Compile(Type.Object({ on: Type.Boolean() }, { additionalProperties: false }));

/** Where more members are connected to a node, typing would cost more than it tells. */
const maxTypingAudience = 50;

/** `typing/…`: tells the others who are connected now; never stored. What is too much is dropped without a word. */
export async function typing(connection: Connection, target: Target, payload: Buffer): Promise<void> {
  const { routes, bus, hub, sight, typingRates } = connection.context;
  const { uid } = connection.accepted!.identity;
  if (typingRates.take(uid) > 0) return;
  const { on } = parsePayload(payload, body);
  const route = routeOf(uid, target);
  await routes.open(route);
  if (target.kind === 'group') {
    if (membersHere(hub, target.name) === undefined || (await sight.isHidden(uid))) return;
    bus.publish({ type: 'typing', gid: target.name, uid, on });
    return;
  }
  const other = target.name;
  if (other === uid || (await sight.isHidden(uid)) || !(await sight.mayHear(other, uid))) return;
  const notice: Notice = { type: 'typing', conv: route.conv, uid, on };
  bus.publish({ type: 'notice', uid: other, notice });
}

/** The members who are connected to this node; undefined where they are too many. */
function membersHere(hub: Pick<Hub, 'membersOnline'>, gid: string): ReadonlySet<string> | undefined {
  const members = new Set<string>();
  for (const session of hub.membersOnline(gid)) {
    members.add(session.user.uid);
    if (members.size > maxTypingAudience) return undefined;
  }
  return members;
}

/** Tells the members of groups here who types, whichever node it is from. Answers a function that ends this. */
export function tellTyping(
  { hub, sight }: Pick<BrokerContext, 'hub' | 'sight'>,
  bus: Pick<Bus, 'subscribe'>,
  onError: (error: unknown) => void,
): () => void {
  const tell = async (gid: string, uid: string, on: boolean): Promise<void> => {
    const notice: Notice = { type: 'typing', conv: groupConv(gid), uid, on };
    for (const member of membersHere(hub, gid) ?? [])
      if (member !== uid && (await sight.mayHear(member, uid))) hub.notify(member, notice);
  };
  return bus.subscribe((message) => {
    if (message.type !== 'typing') return;
    tell(message.gid, message.uid, message.on).catch((error: unknown) => {
      // Who may hear it cannot be known now: nobody is told.
      if (!(error instanceof PetrelError)) onError(error);
    });
  });
}
