import { CloudOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useClient, useSignal } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { Spinner } from '../ui/index.ts';
import './status-banner.css';

const patienceMs = 1500;

/** Says that nothing comes or goes now, and what waits. Connecting is said only when it takes a while. */
export function StatusBanner() {
  const t = useText();
  const client = useClient();
  const status = useSignal(client.status);
  const waiting = useSignal(client.waiting);
  const isConnecting = status === 'connecting';
  const isSlow = useIsLong(isConnecting);
  // Between two tries it is "connecting" for a moment: the bar stays until it has worked.
  const [isDown, setDown] = useState(false);
  if (status === 'offline' && !isDown) setDown(true);
  if (status === 'online' && isDown) setDown(false);
  const isShown = isDown || isSlow;
  return (
    <div className="status-banner" role="status">
      {isShown && (
        <div className="status-banner__bar">
          {isConnecting ? <Spinner size={16} label="" /> : <CloudOff size={17} aria-hidden="true" />}
          <span>
            {isConnecting ? t.shell.connecting : t.shell.offline}
            {waiting > 0 && ` ${t.shell.waiting(waiting)}`}
          </span>
          {!isConnecting && (
            <button type="button" className="status-banner__try" onClick={() => client.reconnect()}>
              {t.shell.tryNow}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function useIsLong(isOn: boolean): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isOn) return;
    const timer = setTimeout(() => setLong(true), patienceMs);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [isOn]);
  return isLong;
}
