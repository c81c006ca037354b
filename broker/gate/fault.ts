/** MQTT 5 reason codes by their names in the specification (section 2.4). */
export const reasons = {
  success: 0x00,
  grantedQos1: 0x01,
  grantedQos2: 0x02,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecified: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationError: 0x83,
  unsupportedVersion: 0x84,
  clientIdNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdInUse: 0x91,
  packetIdNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  qosNotSupported: 0x9b,
  useAnotherServer: 0x9c,
  connectionRateExceeded: 0x9f,
} as const;

/** A breach of the protocol: the connection ends with this reason code. */
export class ProtocolFault extends Error {
  readonly reason: number;

  constructor(reason: number, message: string) {
    super(message);
    this.name = 'ProtocolFault';
    this.reason = reason;
  }
}

export const malformed = (message: string): ProtocolFault =>
  new ProtocolFault(reasons.malformedPacket, message);

export const protocolError = (message: string): ProtocolFault =>
  new ProtocolFault(reasons.protocolError, message);
