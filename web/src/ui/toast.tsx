import { CircleAlert, CircleCheck, Info, X } from 'lucide-react';
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react';
import { useText } from '../i18n/index.ts';
import { IconButton } from './icon-button.tsx';
import './toast.css';

export type ToastKind = 'info' | 'ok' | 'error';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: ToastKind;
}

const shownMs = 5000;

const ToastContext = createContext<(text: string, kind?: ToastKind) => void>(() => {});

/** Says something at the edge of the page for a moment: `toast(t.shell.saved, 'ok')`. */
export function useToast(): (text: string, kind?: ToastKind) => void {
  return useContext(ToastContext);
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const lastId = useRef(0);
  const dismiss = useCallback(
    (id: number) => setToasts((before) => before.filter((toast) => toast.id !== id)),
    [],
  );
  const show = useCallback(
    (text: string, kind: ToastKind = 'info') => {
      lastId.current += 1;
      const id = lastId.current;
      setToasts((before) => [...before.filter((toast) => toast.text !== text).slice(-2), { id, text, kind }]);
      setTimeout(() => dismiss(id), shownMs);
    },
    [dismiss],
  );
  return (
    <ToastContext value={show}>
      {children}
      <Toasts toasts={toasts} onDismiss={dismiss} />
    </ToastContext>
  );
}

function Toasts({
  toasts,
  onDismiss,
}: {
  readonly toasts: readonly Toast[];
  readonly onDismiss: (id: number) => void;
}) {
  const t = useText();
  return (
    <div className="toasts" aria-live="polite">
      {toasts.map(({ id, text, kind }) => (
        <div key={id} className={`toast toast--${kind}`}>
          <span className="toast__icon">{icons[kind]}</span>
          <span className="toast__text">{text}</span>
          <IconButton small label={t.shell.dismiss} icon={<X size={16} />} onClick={() => onDismiss(id)} />
        </div>
      ))}
    </div>
  );
}

const icons = {
  info: <Info size={18} />,
  ok: <CircleCheck size={18} />,
  error: <CircleAlert size={18} />,
} as const;
