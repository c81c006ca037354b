import { ArrowLeft, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useText } from '../i18n/index.ts';
import { go, type Route } from '../route.ts';
import { IconButton } from './icon-button.tsx';
import './pane-header.css';

/** The top of a screen or panel. `back` shows an arrow on phones, `onBack` one everywhere, `onClose` a cross at the end. */
export function PaneHeader({
  title,
  back,
  onBack,
  onClose,
  children,
}: {
  readonly title: string;
  readonly back?: Route;
  readonly onBack?: () => void;
  readonly onClose?: () => void;
  readonly children?: ReactNode;
}) {
  const t = useText();
  return (
    <header className="pane-header">
      {back !== undefined && <BackLink to={back} />}
      {onBack !== undefined && (
        <IconButton
          className="pane-header__back"
          label={t.shell.back}
          icon={<ArrowLeft size={22} />}
          onClick={onBack}
        />
      )}
      <h1 className="pane-header__title ellipsis" tabIndex={-1}>
        {title}
      </h1>
      {children}
      {onClose !== undefined && <IconButton label={t.shell.close} icon={<X size={20} />} onClick={onClose} />}
    </header>
  );
}

/** Seen where one thing is shown at a time. */
export function BackLink({ to }: { readonly to: Route }) {
  const t = useText();
  return (
    <IconButton
      className="back-link"
      label={t.shell.back}
      icon={<ArrowLeft size={22} />}
      onClick={() => go(to)}
    />
  );
}
