// A thermometer: `node sdk/examples/device.js`. It tells its owner when it gets warm, says on a topic of its own what it
// measures, and its will tells everybody when it is gone. Custom topics are allowed by rules; start the server with
// PETREL_TOPICS_CUSTOM='[{"match":"devices/{uid}/#","allow":["publish","subscribe"]},{"match":"devices/#","allow":["subscribe"]}]'
import process from 'node:process';
import { createClient, fileStorage } from 'petrel-im/client';

const { PETREL_MQTT_URL: mqttUrl = 'mqtt://localhost:1883', OWNER: owner } = process.env;
const { PETREL_URL: url = 'http://localhost:8080', DEVICE_PASSWORD: password = 'correct horse' } =
  process.env;

const uid = 'thermometer';
const device = await createClient({
  url,
  // A device needs no WebSocket.
  mqttUrl,
  storage: await fileStorage({ path: './thermometer.store' }),
  device: { name: 'Kitchen', platform: 'iot' },
  will: { topic: `devices/${uid}/state`, payload: 'gone', qos: 1, retain: true },
});
device.on('error', (error) => console.error(error.message));
if (device.user.value === undefined)
  await device
    .register({ uid, password, name: 'Kitchen thermometer' })
    .catch(() => device.signIn({ uid, password }));

const whenOnline = () => device.publish(`devices/${uid}/state`, 'here', { retain: true });
device.status.subscribe((status) => {
  console.log(status);
  if (status === 'online') whenOnline().catch((error) => console.error(error.message));
});

let warm = false;
const timer = setInterval(async () => {
  const degrees = 20 + 6 * Math.sin(Date.now() / 10_000);
  // Nobody misses a measurement that was not sent; a warning is a message, which is kept until it is stored.
  if (device.status.value === 'online')
    device
      .publish(`devices/${uid}/degrees`, degrees.toFixed(1), { qos: 0 })
      .catch((error) => console.error(error.message));
  if (degrees > 25 && !warm && owner !== undefined)
    await device.conversation({ uid: owner }).send(`It is ${degrees.toFixed(1)} °C in the kitchen.`);
  warm = degrees > 25;
}, 1000);

process.once('SIGINT', async () => {
  clearInterval(timer);
  await device.publish(`devices/${uid}/state`, 'switched off', { retain: true }).catch(() => {});
  await device.close();
});
