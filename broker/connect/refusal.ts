import { reasons } from '../gate/fault.ts';
import { returnCode } from '../gate/version.ts';
import { connack } from '../gate/writer.ts';

/** The CONNACK of a refusal; undefined where there is none to send. */
export function refusal(
  version: 3 | 4 | 5,
  reason: number,
  message: string,
  maxPacketSize: number,
): Buffer | undefined {
  // MQTT 3 has return codes for refusals, for breaches of the protocol it closes. [MQTT-3.1.4-1] of 3.1.1
  if (version < 5) {
    const isBreach = reason === reasons.malformedPacket || reason === reasons.protocolError;
    return isBreach ? undefined : connack(version, false, returnCode(reason));
  }
  const explained = connack(5, false, reason, { reasonString: message });
  // [MQTT-3.2.2-19]
  return explained.length <= maxPacketSize ? explained : connack(5, false, reason);
}
