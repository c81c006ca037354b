import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import type { OperationName, Operations } from '../../sdk/operations.ts';
import type { Signal } from '../../sdk/signal.ts';
import type { Client, Conversation, Presence, Profile } from '../../sdk/types.ts';

const ClientContext = createContext<Client | undefined>(undefined);

export function ClientProvider({
  client,
  children,
}: {
  readonly client: Client;
  readonly children: ReactNode;
}) {
  return <ClientContext value={client}>{children}</ClientContext>;
}

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('ClientProvider is missing');
  return client;
}

/** The value of a signal; renders again with each change. */
export function useSignal<T>(signal: Signal<T>): T {
  const subscribe = useCallback((listener: () => void) => signal.subscribe(listener), [signal]);
  return useSyncExternalStore(subscribe, () => signal.value);
}

/** The uid of who is signed in; '' on the start page. */
export function useMe(): string {
  return useSignal(useClient().user)?.uid ?? '';
}

export function useProfile(uid: string): Profile | undefined {
  const client = useClient();
  return useSignal(useMemo(() => (isUser(uid) ? client.profile(uid) : unknown), [client, uid]));
}

const RemarksContext = createContext<ReadonlyMap<string, string>>(new Map());

/** What the user calls friends, by uid. */
export const RemarksProvider = RemarksContext.Provider;

/** What to call a user: the own remark, else the name, else the uid. */
export function useName(uid: string): string {
  const remark = useContext(RemarksContext).get(uid);
  const name = useProfile(uid)?.name;
  return remark || name || uid;
}

export function usePresence(uid: string): Presence | undefined {
  const client = useClient();
  return useSignal(useMemo(() => (isUser(uid) ? client.presence(uid) : unknown), [client, uid]));
}

/** Nobody, as where a group has no peer, and the server itself are not asked about. */
const isUser = (uid: string): boolean => uid !== '' && uid !== 'system';

const unknown: Signal<undefined> = { value: undefined, subscribe: () => () => {} };

export function useConversation(conv: string): Conversation {
  const client = useClient();
  return useMemo(() => client.conversation(conv), [client, conv]);
}

export interface RequestState<T> {
  /** The last answer; stays while it is asked again. */
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/** Asks for an operation now and whenever the input changes; not at all while the input is undefined. */
export function useRequest<N extends OperationName>(
  name: N,
  input: Operations[N]['input'] | undefined,
): RequestState<Operations[N]['output']> {
  const client = useClient();
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ data?: Operations[N]['output']; error?: unknown; done: string }>({
    done: '',
  });
  const key = input === undefined ? undefined : JSON.stringify(input);
  const latest = useRef(input);
  latest.current = input;
  const asked = key === undefined ? '' : `${round} ${key}`;
  useEffect(() => {
    if (asked === '' || latest.current === undefined) return;
    let isStale = false;
    client.request(name, latest.current).then(
      (data) => {
        if (!isStale) setState({ data, done: asked });
      },
      (error: unknown) => {
        if (!isStale) setState((before) => ({ ...before, error, done: asked }));
      },
    );
    return () => {
      isStale = true;
    };
  }, [client, name, asked]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { data: state.data, error: state.error, isLoading: asked !== '' && state.done !== asked, reload };
}

export interface ActionState<A extends readonly unknown[]> {
  /** Resolves to whether it went well; never rejects. */
  readonly run: (...args: A) => Promise<boolean>;
  readonly isBusy: boolean;
  readonly error: unknown;
  /** Takes the error away, as when the user corrects what was wrong. */
  readonly clear: () => void;
}

/** Something that a button does: says whether it is under way and what went wrong. One at a time. */
export function useAction<A extends readonly unknown[]>(
  work: (...args: A) => Promise<unknown>,
): ActionState<A> {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const latest = useRef(work);
  latest.current = work;
  const busy = useRef(false);
  const run = useCallback(async (...args: A) => {
    if (busy.current) return false;
    busy.current = true;
    setBusy(true);
    setError(undefined);
    try {
      await latest.current(...args);
      return true;
    } catch (reason) {
      setError(reason);
      return false;
    } finally {
      busy.current = false;
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(undefined), []);
  return { run, isBusy, error, clear };
}
