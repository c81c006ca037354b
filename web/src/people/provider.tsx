import { createContext, type ReactNode, useContext, useEffect, useMemo } from 'react';
import { RemarksProvider, useClient, useSignal } from '../client.tsx';
import { Group } from '../groups/group.ts';
import { fetchScreens } from '../later.tsx';
import type { Loaded, Resource } from '../remote/resource.ts';
import { useAnnouncements } from './announcements.ts';
import { type Friend, People } from './people.ts';

interface Shared {
  readonly people: People;
  readonly group: (gid: string) => Group;
}

const PeopleContext = createContext<Shared | undefined>(undefined);

/** What several screens show of people and groups, loaded once for all of them. */
export function PeopleProvider({ children }: { readonly children: ReactNode }) {
  const client = useClient();
  const shared = useMemo(() => {
    const groups = new Map<string, Group>();
    const group = (gid: string): Group => {
      const found = groups.get(gid) ?? new Group(client, gid);
      groups.set(gid, found);
      return found;
    };
    return { people: new People(client), group };
  }, [client]);
  useEffect(() => shared.people.watch(), [shared]);
  useEffect(fetchScreens, []);
  useAnnouncements(shared.people);
  const remarks = useSignal(shared.people.remarks);
  return (
    <PeopleContext value={shared}>
      <RemarksProvider value={remarks}>{children}</RemarksProvider>
    </PeopleContext>
  );
}

function useShared(): Shared {
  const shared = useContext(PeopleContext);
  if (shared === undefined) throw new Error('PeopleProvider is missing');
  return shared;
}

export const usePeople = (): People => useShared().people;

/** A group of the user's, current while the component is there. */
export function useGroup(gid: string): Group {
  const { group } = useShared();
  const found = useMemo(() => group(gid), [group, gid]);
  useEffect(() => found.watch(), [found]);
  return found;
}

/** What a resource has; the first who looks at it has it loaded. */
export function useResource<T>(resource: Resource<T>): Loaded<T> {
  useEffect(() => resource.ensure(), [resource]);
  return useSignal(resource.state);
}

export const useFriend = (uid: string): Friend | undefined => useSignal(usePeople().byUid).get(uid);

export function useIsBlocked(uid: string): boolean {
  const { value } = useResource(usePeople().blocks);
  return value?.some((block) => block.uid === uid) ?? false;
}

/** How many requests and invitations wait for the user. */
export function usePendingCount(): number {
  const people = usePeople();
  const incoming = useResource(people.incoming).value?.length ?? 0;
  return incoming + useSignal(people.invitations).length;
}
