import mqtt from 'mqtt';
import type { Dial } from './dial.ts';

/** Node: `mqtt:`, `mqtts:`, `ws:` and `wss:`. */
export const dial: Dial = (url, options) => mqtt.connect(url, options);
