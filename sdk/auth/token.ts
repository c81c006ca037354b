/** What a client reads of a token; only the server knows whether it is true. */
export interface Claims {
  readonly sub?: string;
  readonly did?: string;
  /** ms since 1970, by the clock of who made it. */
  readonly expiresAt?: number;
  /** Whether it is in Petrel's own form, where `sub` is the uid. */
  readonly isPetrels: boolean;
}

/** The claims of a JWT; none where it is something else. */
export function claimsOf(token: string): Claims {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
    const { sub, did, exp, iss } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return {
      ...(typeof sub === 'string' && { sub }),
      ...(typeof did === 'string' && { did }),
      ...(typeof exp === 'number' && { expiresAt: exp * 1000 }),
      isPetrels: iss === undefined || iss === 'petrel',
    };
  } catch {
    return { isPetrels: false };
  }
}
