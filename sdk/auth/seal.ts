/** A text that only this browser can read again. */
export interface Sealed {
  /** Base64. */
  readonly iv: string;
  readonly data: string;
}

const algorithm = 'AES-GCM';

/** A key that encrypts and decrypts and that nobody can read, also who copies the storage. */
export const createKey = (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: algorithm, length: 256 }, false, ['encrypt', 'decrypt']);

export async function seal(key: CryptoKey, text: string): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = await crypto.subtle.encrypt({ name: algorithm, iv }, key, new TextEncoder().encode(text));
  return { iv: toBase64(iv), data: toBase64(new Uint8Array(data)) };
}

/** Undefined where it was sealed with another key, or changed since. */
export async function open(key: CryptoKey, { iv, data }: Sealed): Promise<string | undefined> {
  try {
    const bytes = await crypto.subtle.decrypt({ name: algorithm, iv: fromBase64(iv) }, key, fromBase64(data));
    return new TextDecoder().decode(bytes);
  } catch {
    return undefined;
  }
}

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
