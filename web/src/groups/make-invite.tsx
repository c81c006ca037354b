import { Check, Copy } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { useAction, useClient } from '../client.tsx';
import { copyText } from '../copy.ts';
import { errorText, useLanguage, useText } from '../i18n/index.ts';
import { FormError } from '../people/form-error.tsx';
import { moment } from '../remote/when.ts';
import { Button, Dialog, TextField } from '../ui/index.ts';
import { Choice } from './choice.tsx';
import type { Group } from './group.ts';
import { inviteLink } from './invite-link.ts';
import { PeoplePicker } from './people-picker.tsx';
import './make-invite.css';

const day = 86_400;
const lives = { hour: 3600, day, week: 7 * day, month: 30 * day, year: 365 * day } as const;
type Life = keyof typeof lives;

interface Made {
  readonly code: string;
  readonly expiresAt: number;
  readonly isForSome: boolean;
}

/** Makes an invitation by link, then shows the link. */
export function InviteDialog({ group, onClose }: { readonly group: Group; readonly onClose: () => void }) {
  const [made, setMade] = useState<Made | undefined>(undefined);
  return made === undefined ? (
    <MakeDialog group={group} onMade={setMade} onClose={onClose} />
  ) : (
    <MadeDialog gid={group.gid} made={made} onClose={onClose} />
  );
}

function MakeDialog({
  group,
  onMade,
  onClose,
}: {
  readonly group: Group;
  readonly onMade: (made: Made) => void;
  readonly onClose: () => void;
}) {
  const t = useText();
  const i = t.people.groups.invites;
  const client = useClient();
  const form = useId();
  const [life, setLife] = useState<Life>('week');
  const [who, setWho] = useState<'anyone' | 'some'>('anyone');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const isForSome = who === 'some';
  const { run, isBusy, error } = useAction(async () => {
    const made = await client.request('groups.invite', {
      gid: group.gid,
      ttl: lives[life],
      ...(isForSome && { uids: chosen }),
    });
    void group.invites.renew();
    onMade({ ...made, isForSome });
  });
  return (
    <Dialog
      title={i.makeTitle}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.people.common.cancel}</Button>
          <Button
            variant="primary"
            type="submit"
            form={form}
            busy={isBusy}
            disabled={isForSome && chosen.length === 0}
          >
            {i.submit}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="make-invite"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <fieldset className="make-invite__lives">
          <legend>{i.ttl}</legend>
          {Object.keys(lives).map((value) => (
            <label key={value} className="make-invite__life">
              <input
                type="radio"
                className="make-invite__radio"
                name={`${form}-life`}
                checked={value === life}
                onChange={() => setLife(value as Life)}
              />
              {i.lives[value as Life]}
            </label>
          ))}
        </fieldset>
        <Choice
          label={i.who}
          options={[
            { value: 'anyone', label: i.forAnyone },
            { value: 'some', label: i.forSome, hint: i.forSomeHint },
          ]}
          value={who}
          onChange={setWho}
        />
        {isForSome && <PeoplePicker chosen={chosen} onChange={setChosen} />}
      </form>
      {error !== undefined && <FormError>{errorText(error, t)}</FormError>}
    </Dialog>
  );
}

function MadeDialog({
  gid,
  made: { code, expiresAt, isForSome },
  onClose,
}: {
  readonly gid: string;
  readonly made: Made;
  readonly onClose: () => void;
}) {
  const t = useText();
  const i = t.people.groups.invites;
  const language = useLanguage();
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  const link = inviteLink(location.origin, gid, code);
  const copyLink = async () => {
    const isDone = await copyText(link);
    setCopied(isDone);
    if (!isDone) field.current?.select();
  };
  return (
    <Dialog
      title={i.made}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.people.common.done}</Button>
          <Button variant="primary" onClick={() => void copyLink()}>
            {isCopied ? <Check size={18} aria-hidden /> : <Copy size={18} aria-hidden />}
            {i.copy}
          </Button>
        </>
      }
    >
      <p>{isForSome ? i.madeForSome : i.madeText}</p>
      <TextField
        ref={field}
        label={i.link}
        hint={i.endsAt(moment(expiresAt, Date.now(), language))}
        value={link}
        readOnly
        data-autofocus=""
        onFocus={(event) => event.target.select()}
      />
      <p className="make-invite__copied" role="status">
        {isCopied && i.copied}
      </p>
    </Dialog>
  );
}
