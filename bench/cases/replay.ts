import { runResume } from '../generator.ts';
import type { LoadClient, ResumeResult } from '../load/job.ts';
import type { Row, Section } from '../report.ts';
import type { PetrelServer } from '../servers/petrel.ts';
import type { Server } from '../servers/server.ts';
import type { Setting } from '../setting.ts';
import { alternate, clientOf, introduce, withPeers } from './peers.ts';

const messages = 1000;
const sessionCounts = [1, 20] as const;

/** Persistent sessions come back to the messages that they missed. */
export function replay(setting: Setting): Promise<Section> {
  return withPeers(setting, async ({ petrel, mosquitto }) => {
    const rows: Row[] = [];
    const faults: string[] = [];
    for (const sessions of sessionCounts) {
      let run = 0;
      const rounds = await alternate(setting, {
        petrel: () => resume(setting, petrel, petrel, sessions, run++),
        mosquitto: () => resume(setting, mosquitto, undefined, sessions, run++),
      });
      const both = (figure: (result: ResumeResult) => number): Pick<Row, 'subject' | 'reference'> => ({
        subject: rounds.petrel.map(figure),
        reference: rounds.mosquitto.map(figure),
      });
      const who = sessions === 1 ? 'one session' : `${sessions} sessions at once`;
      rows.push(
        { name: `${who}: until the first message`, unit: 'ms', ...both((result) => result.firstMs) },
        { name: `${who}: until the last message`, unit: 'ms', ...both((result) => result.allMs) },
        {
          name: `${who}: messages`,
          unit: 'per second',
          ...both((result) => result.messages / (result.allMs / 1000)),
        },
      );
      for (const { missing } of [...rounds.petrel, ...rounds.mosquitto])
        if (missing > 0) faults.push(`${who}: ${missing} messages did not come back`);
    }
    return {
      id: 'replay',
      title: 'Replay of 1,000 offline messages',
      method:
        'A persistent session ends, its user gets 1,000 messages, and the session resumes; the time runs from CONNECT. Petrel ' +
        'reads the messages from disk, mosquitto from the memory of its queues.',
      subject: 'Petrel',
      reference: 'mosquitto',
      rows,
      faults,
    };
  });
}

/** Names are new in every run: a session that was there before is not measured again. */
async function resume(
  setting: Setting,
  server: Server,
  petrel: PetrelServer | undefined,
  sessions: number,
  run: number,
): Promise<ResumeResult> {
  const names = Array.from({ length: sessions }, (_, i) => `${sessions}_${run}_${i}`);
  const topicOf = (name: string): string => (petrel === undefined ? `t/${name}` : `send/u/bob_${name}`);
  const clients = names.flatMap((name): LoadClient[] => [
    clientOf(petrel, `alice_${name}`, { publish: topicOf(name) }),
    clientOf(petrel, `bob_${name}`, petrel === undefined ? { subscribe: [topicOf(name)] } : {}),
  ]);
  if (petrel !== undefined)
    await introduce(
      setting,
      petrel,
      clients.map((client) => client.id),
    );
  const result = await runResume(setting.loadCore, {
    port: server.mqttPort,
    clients,
    mode: { kind: 'resume', messages },
  });
  setting.log(
    `${server.name} replay to ${sessions}: first after ${result.firstMs.toFixed(1)} ms, all ${result.messages} after ${result.allMs.toFixed(1)} ms`,
  );
  return result;
}
