import { useEffect, useState } from 'react';
import { useAction, useClient } from '../client.tsx';
import { usePeople } from '../people/provider.tsx';
import { codeOf } from '../remote/code.ts';

/** Where one stands with a group that one may join. */
export type Step =
  | 'looking'
  | 'asked'
  | 'member'
  | 'joined'
  | 'pending'
  | 'declined'
  | 'expired'
  | 'forbidden'
  | 'gone'
  | 'full';

/** Refusals that asking again does not change. */
const finals: Readonly<Record<string, Step>> = {
  'group.invite-not-found': 'expired',
  'group.not-found': 'gone',
  'group.full': 'full',
  'auth.forbidden': 'forbidden',
};

export interface Joining {
  readonly step: Step;
  /** The group's, once one may know it. */
  readonly name: string | undefined;
  readonly join: () => void;
  readonly isBusy: boolean;
  /** Why it did not work this time. */
  readonly error: unknown;
}

/** Joins a group, with the code of an invitation or as the group lets in everybody. */
export function useJoining(gid: string, code: string | undefined): Joining {
  const client = useClient();
  const people = usePeople();
  const [step, setStep] = useState<Step>('looking');
  const [name, setName] = useState<string | undefined>(undefined);

  useEffect(() => {
    let isOver = false;
    // Who is no member is told that there is no such group, so that is no news.
    client.request('groups.get', { gid }).then(
      (group) => {
        if (isOver) return;
        setName(group.name);
        setStep('member');
      },
      () => !isOver && setStep('asked'),
    );
    const end = client.on('notice', ({ type, gid: told, action }) => {
      if (type !== 'group' || told !== gid) return;
      if (action === 'declined') setStep('declined');
      if (action !== 'added') return;
      setStep((before) => (before === 'member' ? before : 'joined'));
      void client.request('groups.get', { gid }).then((group) => setName(group.name), noName);
    });
    return () => {
      isOver = true;
      end();
    };
  }, [client, gid]);

  const { run, isBusy, error } = useAction(async () => {
    try {
      const { state } = await client.request('groups.join', { gid, ...(code !== undefined && { code }) });
      if (state === 'pending') return setStep('pending');
      setName(await client.request('groups.get', { gid }).then((group) => group.name, noName));
      setStep('joined');
      if (code !== undefined) people.dropInvitation(code);
    } catch (reason) {
      const final = finals[codeOf(reason)];
      if (final === undefined) throw reason;
      setStep(final);
      if (final === 'expired' && code !== undefined) people.dropInvitation(code);
    }
  });
  return { step, name, join: () => void run(), isBusy, error };
}

const noName = () => undefined;
