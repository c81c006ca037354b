import { RotateCw, TriangleAlert } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { useText } from '../i18n/index.ts';
import { Button, EmptyState } from '../ui/index.ts';

/** What is shown where the page itself failed: nothing of what was written is lost, it is in the storage. */
export class CrashBoundary extends Component<
  { readonly children: ReactNode },
  { readonly hasFailed: boolean }
> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <Crash /> : this.props.children;
  }
}

function Crash() {
  const t = useText();
  return (
    <main className="start">
      <EmptyState
        icon={<TriangleAlert />}
        title={t.shell.crash.title}
        text={t.shell.crash.text}
        action={
          <Button variant="primary" onClick={() => location.reload()}>
            <RotateCw size={18} aria-hidden="true" />
            {t.shell.crash.reload}
          </Button>
        }
      />
    </main>
  );
}
