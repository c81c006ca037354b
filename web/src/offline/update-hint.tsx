import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useText } from '../i18n/index.ts';
import { Button, IconButton } from '../ui/index.ts';
import { registerWorker } from './register.ts';
import './update-hint.css';

/** Says that another version of the page is ready, and goes over to it when its user wants that. */
export function UpdateHint() {
  const t = useText();
  const [apply, setApply] = useState<() => void>();
  const [isLater, setLater] = useState(false);
  useEffect(() => {
    // Without it the page works; it only does not open without a network.
    registerWorker((update) => setApply(() => update)).catch(() => {});
  }, []);
  if (apply === undefined || isLater) return null;
  return (
    <div className="update-hint" role="status">
      <span>{t.shell.newVersion}</span>
      <Button variant="primary" onClick={apply}>
        {t.shell.reload}
      </Button>
      <IconButton small label={t.shell.dismiss} icon={<X size={16} />} onClick={() => setLater(true)} />
    </div>
  );
}
