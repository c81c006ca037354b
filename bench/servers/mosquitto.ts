import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary } from '../../test/servers/binary.ts';
import { freePort, listens, type Server, spawnPinned, stopChild, waitForStart } from './server.ts';

/** A mosquitto that keeps everything in memory and has queues large enough never to drop a message. */
export async function startMosquitto(core: number | undefined): Promise<Server> {
  const mqttPort = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'petrel-bench-mosquitto-'));
  const config = join(folder, 'mosquitto.conf');
  await writeFile(
    config,
    [
      `listener ${mqttPort} 127.0.0.1`,
      'allow_anonymous true',
      'persistence false',
      'max_inflight_messages 1000',
      'max_queued_messages 1000000',
      'set_tcp_nodelay true',
      'log_dest none',
      '',
    ].join('\n'),
  );
  const child = spawnPinned([await binary('mosquitto', 'mosquitto'), '-c', config], core);
  const stop = async (): Promise<void> => {
    await stopChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitForStart(child, () => listens(mqttPort));
  } catch (fault) {
    await stop();
    throw fault;
  }
  return { name: 'mosquitto', pid: child.pid!, mqttPort, stop };
}
