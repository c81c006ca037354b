import { useText } from '../i18n/index.ts';
import { useToast } from '../ui/index.ts';

/** Into the clipboard, and says so. Pages on plain http have only the old way. */
export function useCopy(): (text: string) => void {
  const t = useText();
  const toast = useToast();
  return async (text) => {
    const isCopied = await copyText(text);
    if (isCopied) toast(t.shell.copied, 'ok');
    else toast(text);
  };
}

/** False where the browser does not let the page do so. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const box = document.createElement('textarea');
  box.value = text;
  box.className = 'unseen';
  // A modal dialog lets nothing outside itself be selected.
  const place = document.querySelector('dialog[open]') ?? document.body;
  const focused = document.activeElement;
  place.append(box);
  box.select();
  const isCopied = document.execCommand('copy');
  box.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
