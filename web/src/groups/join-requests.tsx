import { Check, X } from 'lucide-react';
import { useClient, useName } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { PersonRow } from '../people/person-row.tsx';
import { useResource } from '../people/provider.tsx';
import { useToldAction } from '../people/told.ts';
import { ago } from '../remote/when.ts';
import { Badge, IconButton, useToast } from '../ui/index.ts';
import type { Group, JoinRequest } from './group.ts';

/** Who asks to join, for owner and admins; nothing where nobody does. */
export function JoinRequests({ group }: { readonly group: Group }) {
  const t = useText().people.groups.requests;
  const { value = [] } = useResource(group.requests);
  if (value.length === 0) return null;
  return (
    <section className="group-part">
      <div className="group-part__head">
        <h3 className="group-part__title">
          {t.title}
          <Badge count={value.length} />
        </h3>
      </div>
      <ul aria-label={t.list}>
        {value.map((request) => (
          <li key={request.uid}>
            <RequestRow group={group} request={request} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function RequestRow({ group, request }: { readonly group: Group; readonly request: JoinRequest }) {
  const t = useText().people.groups.requests;
  const language = useLanguage();
  const client = useClient();
  const toast = useToast();
  const { uid } = request;
  const known = useName(uid);
  const name = known === uid ? request.name || uid : known;
  const decide = async (operation: 'groups.requests.accept' | 'groups.requests.decline') => {
    try {
      await client.request(operation, { gid: group.gid, uid });
    } finally {
      // Also where somebody else has decided meanwhile.
      void group.renew();
    }
  };
  const accept = useToldAction(async () => {
    await decide('groups.requests.accept');
    toast(t.accepted(name), 'ok');
  });
  const decline = useToldAction(async () => {
    await decide('groups.requests.decline');
    toast(t.declined(name));
  });
  return (
    <PersonRow
      uid={uid}
      name={name}
      detail={ago(request.at, Date.now(), language)}
      actions={
        <>
          <IconButton
            label={t.declineName(name)}
            icon={<X size={20} />}
            aria-busy={decline.isBusy}
            onClick={() => void decline.run()}
          />
          <IconButton
            variant="primary"
            label={t.acceptName(name)}
            icon={<Check size={20} />}
            aria-busy={accept.isBusy}
            onClick={() => void accept.run()}
          />
        </>
      }
    />
  );
}
