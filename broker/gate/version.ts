import { reasons } from './fault.ts';

/** The protocol by its level. */
export const versionName = (version: number): string =>
  version === 5 ? '5' : version === 4 ? '3.1.1' : '3.1';

/** The MQTT 3 return code of a refused CONNECT. */
export function returnCode(reason: number): number {
  switch (reason) {
    case reasons.unsupportedVersion:
      return 1;
    case reasons.clientIdNotValid:
      return 2;
    case reasons.serverUnavailable:
    case reasons.implementationError:
      return 3;
    case reasons.badUserNameOrPassword:
      return 4;
    default:
      return 5;
  }
}
