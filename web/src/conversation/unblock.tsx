import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { usePeople } from '../people/provider.tsx';
import { Button, useToast } from '../ui/index.ts';

export function Unblock({ uid }: { readonly uid: string }) {
  const client = useClient();
  const people = usePeople();
  const t = useText();
  const toast = useToast();
  const { run, isBusy } = useAction(async () => {
    try {
      await client.request('blocks.remove', { uid });
      await people.blocks.refresh();
    } catch (error) {
      toast(errorText(error, t), 'error');
    }
  });
  return (
    <Button busy={isBusy} onClick={() => void run()}>
      {t.chat.cannot.unblock}
    </Button>
  );
}
