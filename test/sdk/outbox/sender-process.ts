import process from 'node:process';
import { createClient, fileStorage } from '../../../sdk/node.ts';

/** A program that sends so many numbered messages, keeps them in a file, and says when it has; ends when all are stored. */
const [url, token, path, peer, round, count] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const client = await createClient({ url, token: async () => token, storage: fileStorage({ path }) });
const conversation = client.conversation({ uid: peer });
for (let i = 1; i <= Number(count); i++) {
  const id = `r${round}-${i}`;
  await conversation.send({ id, body: { text: id } });
  process.stdout.write(`${id}\n`);
}
await new Promise<void>((resolve) => {
  const look = (): void => {
    if (client.waiting.value === 0) resolve();
  };
  client.waiting.subscribe(look);
  look();
});
await client.close();
