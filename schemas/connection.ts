import type { Platform } from './identity.ts';

/** What is told of an open MQTT connection. */
export interface ConnectionInfo {
  readonly uid: string;
  readonly clientId: string;
  /** The device: the token's did, or else the client id. */
  readonly did: string;
  readonly platform?: Platform;
  readonly address: string;
  readonly protocol: 3 | 4 | 5;
  readonly transport: 'tcp' | 'tls' | 'ws';
  /** ms. */
  readonly since: number;
  /** The process that has it, where there may be several. */
  readonly node?: string;
}
