// Two people in a page of your own; `node sdk/examples/serve.js` serves it, see there.
import { createClient, indexedDbStorage } from '/client.js';

const uid = location.search === '?bob' ? 'page-bob' : 'page-alice';
const peer = uid === 'page-bob' ? 'page-alice' : 'page-bob';

const client = await createClient({
  url: 'http://localhost:8080',
  storage: await indexedDbStorage({ name: uid }),
});
const account = { uid, password: 'correct horse' };
if (client.user.value === undefined) await client.register(account).catch(() => client.signIn(account));

const chat = client.conversation({ uid: peer });
const list = document.querySelector('#messages');
chat.messages.subscribe(({ items }) => {
  list.replaceChildren(
    ...items.map(({ from, body, state }) => {
      const line = document.createElement('li');
      const mark = document.createElement('span');
      mark.textContent = from === uid ? state : '';
      line.append(`${from}: ${body?.text ?? ''} `, mark);
      return line;
    }),
  );
  chat.markRead();
});
chat.open();

document.querySelector('#me').textContent = uid;
document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const { text } = event.target.elements;
  if (text.value !== '') chat.send(text.value);
  text.value = '';
});
