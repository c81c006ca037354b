import mqtt from 'mqtt';
import type { Dial } from './dial.ts';
import { WebSocketStream } from './websocket.ts';

/** What is used of MQTT.js's own stream type. */
type Stream = ReturnType<ConstructorParameters<typeof mqtt.MqttClient>[0]>;

/** Browsers: `ws:` and `wss:`. Of MQTT.js it needs the class MqttClient alone, which keeps a bundle small. */
export const dial: Dial = (url, options) =>
  new mqtt.MqttClient(
    () => new WebSocketStream(new WebSocket(url, ['mqtt'])) as unknown as Stream,
    // Its own timers come from a worker that a strict content security policy refuses.
    { ...options, timerVariant: 'native' },
  );
