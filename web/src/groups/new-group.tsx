import { ChevronDown } from 'lucide-react';
import { useId, useState } from 'react';
import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { FormError } from '../people/form-error.tsx';
import { go } from '../route.ts';
import { Button, Dialog, TextField, useToast } from '../ui/index.ts';
import { PeoplePicker } from './people-picker.tsx';
import { HistoryField, type HistoryPolicy, JoinField, type JoinPolicy } from './settings-fields.tsx';
import './new-group.css';

const maxName = 100;

/** Name and members of a new group; what is seldom changed is folded away. */
export function NewGroupDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useText();
  const g = t.people.groups;
  const client = useClient();
  const toast = useToast();
  const form = useId();
  const [name, setName] = useState('');
  const [isNameMissing, setNameMissing] = useState(false);
  const [members, setMembers] = useState<readonly string[]>([]);
  const [join, setJoin] = useState<JoinPolicy>('invite');
  const [history, setHistory] = useState<HistoryPolicy>('joined');
  const { run, isBusy, error } = useAction(async (title: string) => {
    const { gid } = await client.request('groups.create', { name: title, members, join, history });
    toast(g.create.created(title), 'ok');
    onClose();
    go({ page: 'conversation', conv: client.conversation({ gid }).conv });
  });
  const create = () => {
    const title = name.trim();
    setNameMissing(title === '');
    if (title === '') document.getElementById(`${form}-name`)?.focus();
    else void run(title);
  };
  return (
    <Dialog
      title={g.create.title}
      open
      onClose={onClose}
      actions={
        <>
          <span className="new-group__count" aria-live="polite">
            {members.length > 0 && g.picker.chosenCount(members.length)}
          </span>
          <Button onClick={onClose}>{t.people.common.cancel}</Button>
          <Button variant="primary" type="submit" form={form} busy={isBusy}>
            {g.create.submit}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="new-group"
        onSubmit={(event) => {
          event.preventDefault();
          create();
        }}
      >
        <TextField
          id={`${form}-name`}
          label={g.create.name}
          placeholder={g.create.namePlaceholder}
          error={isNameMissing && name.trim() === '' ? g.create.nameMissing : undefined}
          value={name}
          maxLength={maxName}
          autoComplete="off"
          data-autofocus=""
          onChange={(event) => setName(event.target.value)}
        />
        <details className="new-group__more">
          <summary>
            <span>
              {g.create.settings}
              <span className="new-group__chosen">{`${g.join.rule[join]} · ${g.history.rule[history]}`}</span>
            </span>
            <ChevronDown size={20} aria-hidden />
          </summary>
          <div className="new-group__settings">
            <JoinField value={join} onChange={setJoin} />
            <HistoryField value={history} onChange={setHistory} />
          </div>
        </details>
        <div>
          <h3 className="new-group__title">{g.create.members}</h3>
          <PeoplePicker chosen={members} onChange={setMembers} />
        </div>
      </form>
      {error !== undefined && <FormError>{errorText(error, t)}</FormError>}
    </Dialog>
  );
}
