import { Bot, Cpu, Globe, LogOut, Monitor, Smartphone } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Operations } from '../../../sdk/operations.ts';
import { useClient } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { Answered } from '../people/answered.tsx';
import { Confirm } from '../people/confirm.tsx';
import { useResource } from '../people/provider.tsx';
import { allPages } from '../remote/pages.ts';
import { Resource } from '../remote/resource.ts';
import { ago } from '../remote/when.ts';
import { Button, PaneHeader, useToast } from '../ui/index.ts';
import './devices-screen.css';

type Device = Operations['devices.list']['output']['items'][number];

/** Where the user is signed in, with remote sign-out. */
export function DevicesScreen() {
  const t = useText().people.devices;
  const client = useClient();
  const toast = useToast();
  const devices = useDevices();
  const { value = [] } = useResource(devices);
  const nameOf = useNameOf();
  const [asked, setAsked] = useState<Device | 'others' | undefined>(undefined);
  const sorted = useMemo(() => inOrder(value), [value]);
  const others = value.filter(({ current }) => !current);

  const signOut = async (...gone: readonly Device[]) => {
    try {
      for (const { did } of gone) await client.request('devices.remove', { did });
    } finally {
      await devices.refresh();
    }
  };
  return (
    <main className="devices" aria-label={t.title}>
      <PaneHeader title={t.title} back={{ page: 'settings' }} />
      <div className="devices__scroller">
        <div className="devices__column">
          <p className="devices__intro">{t.intro}</p>
          <Answered resource={devices}>
            <ul className="devices__list" aria-label={t.list}>
              {sorted.map((device) => (
                <li key={device.did}>
                  <DeviceRow device={device} name={nameOf(device)} onSignOut={() => setAsked(device)} />
                </li>
              ))}
            </ul>
            {others.length === 0 ? (
              <p className="devices__intro">{t.onlyThis}</p>
            ) : (
              <Button variant="danger" onClick={() => setAsked('others')}>
                <LogOut size={18} aria-hidden />
                {t.others}
              </Button>
            )}
          </Answered>
        </div>
      </div>
      {asked === 'others' && (
        <Confirm
          title={t.othersTitle}
          text={t.othersText(others.length)}
          submit={t.others}
          isDanger
          work={() => signOut(...others)}
          onDone={() => toast(t.othersDone, 'ok')}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked !== undefined && asked !== 'others' && (
        <Confirm
          title={t.signOutTitle(nameOf(asked))}
          text={t.signOutText}
          submit={t.signOutSubmit}
          isDanger
          work={() => signOut(asked)}
          onDone={() => toast(t.signedOut(nameOf(asked)), 'ok')}
          onClose={() => setAsked(undefined)}
        />
      )}
    </main>
  );
}

function DeviceRow({
  device,
  name,
  onSignOut,
}: {
  readonly device: Device;
  readonly name: string;
  readonly onSignOut: () => void;
}) {
  const t = useText().people.devices;
  const language = useLanguage();
  const { platform, online, current, lastSeen } = device;
  const kind = platform === undefined ? undefined : t.platforms[platform];
  const seen = online || current ? t.online : t.lastSeen(ago(lastSeen, Date.now(), language));
  return (
    <div className="device">
      <span className="device__icon">{icons[platform ?? 'web']}</span>
      <span className="device__text">
        <span className="device__first">
          <span className="device__name ellipsis">{name}</span>
          {current && <span className="device__current">{t.current}</span>}
        </span>
        <span className="device__detail">
          {kind === undefined || kind === name ? seen : `${kind} · ${seen}`}
        </span>
      </span>
      {!current && (
        <Button aria-label={t.signOutName(name)} onClick={onSignOut}>
          {t.signOut}
        </Button>
      )}
    </div>
  );
}

/** Kept current by what is told of sign-ins and sign-outs. */
function useDevices(): Resource<readonly Device[]> {
  const client = useClient();
  const devices = useMemo(
    () => new Resource(() => allPages((page) => client.request('devices.list', page))),
    [client],
  );
  useEffect(() => {
    const ends = [
      client.on('notice', ({ type }) => type === 'device' && devices.renew()),
      client.status.subscribe((status) => status === 'online' && devices.renew()),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [client, devices]);
  return devices;
}

function useNameOf(): (device: Device) => string {
  const t = useText().people.devices;
  return ({ name, platform }) => name || (platform === undefined ? t.unknown : t.platforms[platform]);
}

/** This one first, then those seen last. */
const inOrder = (devices: readonly Device[]): readonly Device[] =>
  [...devices].sort((a, b) => Number(b.current) - Number(a.current) || b.lastSeen - a.lastSeen);

const icons: Readonly<Record<NonNullable<Device['platform']>, ReactNode>> = {
  web: <Globe size={20} />,
  desktop: <Monitor size={20} />,
  mobile: <Smartphone size={20} />,
  iot: <Cpu size={20} />,
  bot: <Bot size={20} />,
};
