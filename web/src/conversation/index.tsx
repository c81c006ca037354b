import { useEffect, useMemo } from 'react';
import type { Conversation } from '../../../sdk/types.ts';
import { useConversation, useMe, useName, useProfile, useSignal } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { useGroup, useIsBlocked, useResource } from '../people/provider.tsx';
import { Body } from './body.tsx';
import { GroupSubtitle, PersonSubtitle } from './header.tsx';
import { momentName } from './times.ts';
import { Unblock } from './unblock.tsx';
import './conversation.css';

/** One conversation: its head, its messages, the composer. */
export function ConversationView({ conv }: { readonly conv: string }) {
  const conversation = useConversation(conv);
  useEffect(() => conversation.open(), [conversation]);
  return conversation.gid === undefined ? (
    <DirectConversation conversation={conversation} uid={conversation.uid ?? ''} />
  ) : (
    <GroupConversation conversation={conversation} gid={conversation.gid} />
  );
}

const noNicks: ReadonlyMap<string, string> = new Map();
const noMembers: readonly never[] = [];

function DirectConversation({
  conversation,
  uid,
}: {
  readonly conversation: Conversation;
  readonly uid: string;
}) {
  const t = useText();
  const me = useMe();
  const name = useName(uid);
  const profile = useProfile(uid);
  const isBlocked = useIsBlocked(uid);
  const isNotes = uid === me;
  const reason = useMemo(() => {
    if (uid === 'system') return { text: t.chat.cannot.system };
    if (profile?.removed) return { text: t.chat.cannot.removed };
    if (isBlocked) return { text: t.chat.cannot.blocked(name), action: <Unblock uid={uid} /> };
    return undefined;
  }, [uid, name, profile, isBlocked, t]);
  return (
    <Body
      conversation={conversation}
      title={isNotes ? t.chat.notes : name}
      avatar={profile?.avatar}
      subtitle={isNotes ? undefined : <PersonSubtitle uid={uid} />}
      ownRole={undefined}
      nicks={noNicks}
      members={noMembers}
      reason={reason}
    />
  );
}

function GroupConversation({
  conversation,
  gid,
}: {
  readonly conversation: Conversation;
  readonly gid: string;
}) {
  const t = useText();
  const language = useLanguage();
  const me = useMe();
  const group = useGroup(gid);
  const entry = useSignal(conversation.entry);
  const { value: info, error } = useResource(group.info);
  const { value: members = noMembers } = useResource(group.members);
  const nicks = useMemo(
    () => new Map(members.flatMap(({ uid, nick }) => (nick ? [[uid, nick] as const] : []))),
    [members],
  );
  const mutedUntil = useMemo(() => members.find(({ uid }) => uid === me)?.mutedUntil ?? 0, [members, me]);
  const isGone = codeOf(error) === 'group.not-found';
  const reason = useMemo(() => {
    const now = Date.now();
    if (isGone) return { text: t.chat.cannot.gone };
    if (mutedUntil > now + foreverMs) return { text: t.chat.cannot.muted };
    if (mutedUntil > now)
      return { text: t.chat.cannot.mutedUntil(momentName(mutedUntil, language, t)), until: mutedUntil };
    if (info?.muted && info.role === 'member') return { text: t.chat.cannot.groupMuted };
    return undefined;
  }, [isGone, mutedUntil, info, language, t]);
  return (
    <Body
      conversation={conversation}
      title={info?.name ?? entry?.name ?? gid}
      avatar={info?.avatar}
      subtitle={isGone ? undefined : <GroupSubtitle count={info?.memberCount} />}
      ownRole={isGone ? undefined : info?.role}
      nicks={nicks}
      members={members}
      reason={reason}
    />
  );
}

/** From here on a time is "until somebody ends it". */
const foreverMs = 5 * 365 * 24 * 60 * 60_000;

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
