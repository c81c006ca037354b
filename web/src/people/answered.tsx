import type { ReactNode } from 'react';
import { errorText, useText } from '../i18n/index.ts';
import type { Resource } from '../remote/resource.ts';
import { Button, Spinner } from '../ui/index.ts';
import { useResource } from './provider.tsx';
import './answered.css';

/** What a resource is shown by, as soon as there is an answer; before it a sign of waiting, or why there is none. */
export function Answered({
  resource,
  children,
}: {
  readonly resource: Resource<unknown>;
  readonly children: ReactNode;
}) {
  const t = useText();
  const { value, error, isLoading } = useResource(resource);
  if (value !== undefined) return children;
  if (error === undefined || isLoading) {
    return (
      <div className="answered answered--waiting">
        <Spinner />
      </div>
    );
  }
  return (
    <div className="answered" role="alert">
      <p>{errorText(error, t)}</p>
      <Button onClick={() => void resource.refresh()}>{t.people.common.retry}</Button>
    </div>
  );
}
