import { useCallback } from 'react';
import { type ActionState, useAction } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { useToast } from '../ui/index.ts';

/** A button's work whose failure is told in a toast, for places that have no room for it. */
export function useToldAction<A extends readonly unknown[]>(
  work: (...args: A) => Promise<unknown>,
): ActionState<A> {
  const toast = useToast();
  const t = useText();
  const told = useCallback(
    async (...args: A) => {
      try {
        await work(...args);
      } catch (error) {
        toast(errorText(error, t), 'error');
        throw error;
      }
    },
    [work, toast, t],
  );
  return useAction(told);
}
