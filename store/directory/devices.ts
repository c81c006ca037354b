import type { Platform } from '../../schemas/identity.ts';

export interface Device {
  readonly uid: string;
  /** The `did` of its tokens, or else its MQTT client id. */
  readonly did: string;
  readonly platform?: Platform;
  readonly name?: string;
  readonly createdAt: number;
  readonly lastSeen: number;
}

/** A device that has signed in, connected or left. */
export interface SeenDevice extends Omit<Device, 'createdAt'> {
  /** It has left: where it is not recorded (any more) it does not become so. */
  readonly left?: boolean;
}

/** Devices of one user that are kept; beyond it those go that were not seen for longest. */
export const maxDevices = 100;

/** What is known of a user who is not connected, for `presence/{uid}`; times in ms, 0 where there is none. */
export interface Absence {
  /** When a device of theirs was seen last. */
  readonly lastSeen: number;
  /** What the last will said that went to their presence, and when. */
  readonly status?: string;
  readonly statusAt: number;
  /** Since when they are invisible. */
  readonly hiddenAt: number;
}

export interface DirectoryDevices {
  /** As seeDevices; whether it is new. */
  seeDevice(device: SeenDevice): Promise<boolean>;
  /**
   * Makes the devices or brings their lastSeen (never back), and their platform and name where given, up to date. Answers
   * those that were made.
   */
  seeDevices(devices: readonly SeenDevice[]): Promise<SeenDevice[]>;
  /** In did order. */
  devicesOf(uid: string): Promise<Device[]>;
  /** Revokes the device's sign-ins; answers the sids that held until now. */
  revokeDevice(uid: string, did: string, at: number): Promise<string[]>;
  /** False where it was not recorded. */
  removeDevice(uid: string, did: string): Promise<boolean>;
  /** What is known of those of the users of whom something is. */
  absences(uids: readonly string[]): Promise<Map<string, Absence>>;
  /** Keeps what a will said in a user's presence; the newest one stays. */
  putStatus(uid: string, status: string, at: number): Promise<void>;
  /** Keeps since when a user is invisible, the first time until 0: no longer. */
  putHidden(uid: string, at: number): Promise<void>;
}
