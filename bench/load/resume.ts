import { connectAll, endAll, waitUntil } from './clients.ts';
import type { LoadJob, ResumeResult } from './job.ts';
import { messagesOf } from './rate.ts';
import { stampFromEnd } from './template.ts';
import { Traffic } from './traffic.ts';

const persistent = { cleanStart: false, sessionExpirySeconds: 3600 };
const window = 64;
const timeoutMs = 60_000;

/**
 * Receivers connect with a persistent session and leave; the senders send `messages` each; the receivers come back.
 * The time runs from the first CONNECT of the return until the last message is there.
 */
export async function measureResume(job: LoadJob, messages: number): Promise<ResumeResult> {
  const receivers = job.clients.filter((client) => client.publish === undefined);
  const traffic = new Traffic(stampFromEnd(job.textBytes));
  await endAll(await connectAll(job, traffic, receivers, persistent));
  await sendAll(job, messages);

  traffic.deliveries = 0;
  const due = receivers.length * messages;
  const start = performance.now();
  const returning = connectAll(job, traffic, receivers, persistent);
  await waitUntil(() => traffic.deliveries > 0, timeoutMs);
  const firstMs = performance.now() - start;
  await waitUntil(() => traffic.deliveries >= due, timeoutMs);
  const allMs = performance.now() - start;
  const missing = due - traffic.deliveries;
  await endAll(await returning);
  return { sessions: receivers.length, messages: traffic.deliveries, firstMs, allMs, missing };
}

async function sendAll(job: LoadJob, messages: number): Promise<void> {
  const clients = job.clients.filter((client) => client.publish !== undefined);
  const traffic = new Traffic(stampFromEnd(job.textBytes));
  const senders = await connectAll(job, traffic, clients);
  senders.forEach((sender, index) => {
    sender.startSending(messagesOf(job, clients[index]!.id, clients[index]!.publish!), 0);
  });
  const total = messages * senders.length;
  const left = senders.map(() => messages);
  while (traffic.sends < total) {
    traffic.tick();
    senders.forEach((sender, index) => {
      while (left[index]! > 0 && sender.inFlight < window && sender.send()) left[index]! -= 1;
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
  const stored = await waitUntil(() => traffic.acks + traffic.refused >= total, timeoutMs);
  await endAll(senders);
  if (!stored || traffic.refused > 0)
    throw new Error(`of ${total} messages ${traffic.acks} were acknowledged, ${traffic.refused} refused`);
}
