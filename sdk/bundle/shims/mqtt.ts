import MqttClient from 'mqtt/lib/client';

// MQTT.js without what opens connections: that is done by websocket.ts of the transport.
export default { MqttClient };
