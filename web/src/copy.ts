import { useText } from './i18n/index.ts';
import { useToast } from './ui/index.ts';

/** Puts a text into the clipboard and says so. */
export function useCopy(): (text: string) => void {
  const t = useText();
  const toast = useToast();
  return async (text) => {
    const isCopied = await copyText(text);
    if (isCopied) toast(t.shell.copied, 'ok');
    else toast(text);
  };
}

/** Puts a text into the clipboard; false where the browser does not let it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Pages on plain http have no `navigator.clipboard`. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.readOnly = true;
  area.className = 'unseen';
  // In a modal dialog what is outside of it cannot be selected.
  const place = document.querySelector('dialog[open]') ?? document.body;
  const focused = document.activeElement;
  place.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
