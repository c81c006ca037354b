import { hrefOf } from '../route.ts';

/**
 * What one sends to whom one invites: it leads to the page's own screen for it. Without a code it is for groups that
 * let in whoever comes, or who asks.
 */
export const inviteLink = (origin: string, gid: string, code?: string): string =>
  `${origin}/${hrefOf({ page: 'invite', gid, ...(code !== undefined && { code }) })}`;
