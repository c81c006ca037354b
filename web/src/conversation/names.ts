import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { useClient } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { usePane } from './pane.tsx';

/** What to call these users, in their order; oneself is "You" where asked for. */
export function useNamesHere(uids: readonly string[], { sayYou = true } = {}): readonly string[] {
  const client = useClient();
  const { nicks, me } = usePane();
  const t = useText();
  const key = uids.join(' ');
  const signals = useMemo(
    () => (key === '' ? [] : key.split(' ')).map((uid) => ({ uid, profile: client.profile(uid) })),
    [client, key],
  );
  const subscribe = useCallback(
    (listener: () => void) => {
      const ends = signals.map(({ profile }) => profile.subscribe(listener));
      return () => {
        for (const end of ends) end();
      };
    },
    [signals],
  );
  const snapshot = (): string =>
    signals
      .map(({ uid, profile }) =>
        sayYou && uid === me ? t.chat.events.you : (nicks.get(uid) ?? (profile.value?.name || uid)),
      )
      .join('\n');
  const names = useSyncExternalStore(subscribe, snapshot);
  return useMemo(() => (names === '' ? [] : names.split('\n')), [names]);
}

/** `Ann, Bob and Cem`, and how many more there are beyond `max`. */
export function useNameList(uids: readonly string[], max = 5): string {
  const t = useText();
  const names = useNamesHere(uids.slice(0, max));
  return listOf(names, uids.length - names.length, t.chat.events);
}

interface ListTexts {
  readonly comma: string;
  readonly and: (names: string, last: string) => string;
  readonly andMore: (names: string, n: number) => string;
}

export function listOf(names: readonly string[], more: number, texts: ListTexts): string {
  if (more > 0) return texts.andMore(names.join(texts.comma), more);
  if (names.length < 2) return names[0] ?? '';
  return texts.and(names.slice(0, -1).join(texts.comma), names.at(-1)!);
}
