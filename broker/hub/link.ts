/** What the hub needs of a connection. */
export interface Link {
  /** Protocol level: 3, 4 or 5. */
  readonly version: number;
  /** The client's Maximum Packet Size, bytes. [MQTT-3.1.2-24] */
  readonly maxPacketSize: number;
  /** The sign-in that its token is from now; absent for tokens that are not Petrel's own. */
  readonly sid?: string | undefined;
  /** When it came, ms. */
  readonly openedAt?: number;
  /** Bytes that are waiting for the client to read. */
  readonly backlog: number;
  /** The session ends with its connection, whatever the client asked for. */
  expire(): void;
  /** Takes a frame for the write at the end of this turn. */
  send(frame: Buffer): void;
  /** Ends the connection with this DISCONNECT reason. */
  end(reason: number, message: string): void;
}
