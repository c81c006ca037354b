// A bot that answers: `node sdk/examples/bot.js`, then write to "echo" from anywhere, for example
// `node dist/main.js chat alice echo`. What it was sent while it was away it answers when it is back.
import process from 'node:process';
import { createClient, fileStorage } from 'petrel-im/client';

const { PETREL_URL: url = 'http://localhost:8080', BOT_PASSWORD: password = 'correct horse' } = process.env;

const bot = await createClient({
  url,
  storage: await fileStorage({ path: './echo-bot.store' }),
  device: { name: 'Echo bot', platform: 'bot' },
});

// A message comes once, live or by catching up, so it is answered once. The id makes the answer to a message the same one,
// also where the bot is killed between the answer and the note that it has read the question.
bot.on('message', async ({ conv, seq, id, from, type, body }) => {
  if (type !== 'text') return;
  const conversation = bot.conversation(conv);
  await conversation.send({ id: `echo-${seq}`, body: { text: `${from} said: ${body.text}` }, replyTo: seq });
  conversation.markRead(seq);
  console.log(`${conv} #${seq} (${id}) answered`);
});
bot.on('error', (error) => console.error(error.message));
bot.status.subscribe((status) => console.log(status));

// Signed in already where the storage is that of an earlier run.
if (bot.user.value === undefined)
  await bot
    .register({ uid: 'echo', password, name: 'Echo' })
    .catch(() => bot.signIn({ uid: 'echo', password }));

process.once('SIGINT', async () => {
  await bot.close();
});
