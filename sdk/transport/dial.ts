import type { IClientOptions, MqttClient } from 'mqtt';

export type { IClientOptions, MqttClient };

/** Begins one connection with MQTT.js: there is a form for Node and one for browsers. */
export type Dial = (url: string, options: IClientOptions) => MqttClient;

/** Sends a packet for which MQTT.js has no method: an acknowledgement of one's own time, AUTH. */
export function sendPacket(client: MqttClient, packet: object): void {
  (client as unknown as { _sendPacket(packet: object): void })._sendPacket(packet);
}
