import type { IncomingHttpHeaders } from 'node:http';

export interface OriginRules {
  /** Whose pages may come besides the server's own; `*` is any. */
  readonly corsOrigins: readonly string[];
  /** X-Forwarded-Host is what the browser asked for. */
  readonly trustProxy: boolean;
}

/**
 * Whether a WebSocket may be opened: browsers let any page open one to anywhere and say in Origin whose page it is.
 * Programs send none. A page is the server's own where the hosts are the same, ports included.
 */
export function isAllowedOrigin(
  { origin, host, 'x-forwarded-host': forwarded }: IncomingHttpHeaders,
  { corsOrigins, trustProxy }: OriginRules,
): boolean {
  if (origin === undefined || corsOrigins.includes('*') || corsOrigins.includes(origin)) return true;
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  // Neither names the scheme, so each default port is that of the page's.
  const isOwn = (name: string | undefined): boolean => {
    const own = `${page.protocol}//${name?.trim()}`;
    return page.host !== '' && name !== undefined && URL.canParse(own) && new URL(own).host === page.host;
  };
  return isOwn(host) || (trustProxy && isOwn(firstOf(forwarded)));
}

const firstOf = (header: string | string[] | undefined): string | undefined =>
  (Array.isArray(header) ? header[0] : header)?.split(',', 1)[0];
