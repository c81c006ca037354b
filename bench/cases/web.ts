import type { Browser } from 'playwright-core';
import { directConv } from '../../schemas/event.ts';
import { openSqliteTimeline } from '../../store/timeline/sqlite/timeline.ts';
import type { Submission } from '../../store/timeline.ts';
import { findChromium, startChromium } from '../../test/servers/chromium.ts';
import { until } from '../../test/support/until.ts';
import { Person, password } from '../../test/web/person.ts';
import type { Row, Section } from '../report.ts';
import {
  makeHome,
  type PetrelHome,
  type PetrelServer,
  post,
  removeHome,
  startPetrel,
} from '../servers/petrel.ts';
import type { Setting } from '../setting.ts';
import {
  bytesFor,
  delays,
  framesWhile,
  freshContext,
  heapOf,
  scroll,
  watchArrivals,
} from '../web/measures.ts';

const histories = [10_000, 100_000];
const batchSize = 2000;
const reader = 'reader';
const messages = 100;
const scrolls = 8;
/** Pixels, and pixels a second: as fast as somebody who looks for something. */
const [scrollWay, scrollSpeed] = [12_000, 4000];

/** The web chat in Chromium: what a first visit loads and takes, and how long histories move. */
export async function web(setting: Setting): Promise<Section> {
  const home = await makeHome();
  try {
    const uids = histories.map((count) => `talker-${count}`);
    const first = await startPetrel({ core: setting.serverCore, home });
    for (const uid of [reader, ...uids]) await register(first, uid);
    await first.stop();
    setting.log('storing the histories');
    await fill(home, uids);
    const petrel = await startPetrel({ core: setting.serverCore, home });
    const browser = await startChromium(await findChromium());
    try {
      const rows = [
        ...(await measureVisits(setting, petrel, browser)),
        ...(await measureDelivery(setting, petrel, browser)),
        ...(await measureHistories(setting, petrel, browser)),
      ];
      return {
        id: 'web',
        title: 'The web chat',
        method:
          `Debian's Chromium without a window, on the same machine as the server. A first visit creates an account, opens a chat and types, without a pause. ` +
          `Delivery: from the WebSocket's message to the end of the first frame that shows it, ${messages} messages one after the other. ` +
          `Scrolling: back through the history at ${scrollSpeed.toLocaleString('en')} pixels a second, older messages loaded on the way.`,
        subject: 'Web chat',
        reference: '',
        rows,
        faults: [],
      };
    } finally {
      await browser.close();
      await petrel.stop();
    }
  } finally {
    await removeHome(home);
  }
}

const urlOf = ({ httpPort }: PetrelServer): string => `http://127.0.0.1:${httpPort}`;

async function register(petrel: PetrelServer, uid: string): Promise<void> {
  const reply = await fetch(`${urlOf(petrel)}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uid, password }),
  });
  if (!reply.ok) throw new Error(`registering ${uid}: ${reply.status}`);
}

/** Through the store, not the network. */
async function fill({ dataDir }: PetrelHome, uids: readonly string[]): Promise<void> {
  const timeline = await openSqliteTimeline({ dir: dataDir });
  for (const [which, uid] of uids.entries()) {
    const conv = directConv(reader, uid);
    for (let begin = 0; begin < histories[which]!; begin += batchSize) {
      const batch = Array.from({ length: batchSize }, (_, i): Submission => {
        const number = begin + i + 1;
        const text = `line ${number} ${'and some more of it '.repeat(number % 7)}`.trim();
        const id = `s-${number}`;
        const raw = Buffer.from(JSON.stringify({ id, type: 'text', body: { text } }));
        return { conv, from: number % 3 === 0 ? reader : uid, id, counts: true, raw };
      });
      await timeline.append(batch);
    }
  }
  await timeline.flush();
  await timeline.close();
}

async function visit(petrel: PetrelServer, browser: Browser, uid: string): Promise<Person> {
  const context = await freshContext(browser);
  return new Person({ context, uid, url: urlOf(petrel), faults: [] });
}

async function measureVisits(setting: Setting, petrel: PetrelServer, browser: Browser): Promise<Row[]> {
  const [bytes, times]: [number[], number[]] = [[], []];
  for (let round = 0; round < setting.rounds; round++) {
    // Its worker fetches the same once more, for a visit without a network.
    const plain = await browser.newContext({ serviceWorkers: 'block' });
    const page = await plain.newPage();
    bytes.push((await bytesFor(page, () => page.goto(urlOf(petrel)))) / 1000);
    await plain.close();

    const newcomer = await visit(petrel, browser, `newcomer-${round}`);
    const begin = performance.now();
    await newcomer.open();
    await newcomer.signUp();
    await newcomer.openChat(reader);
    await newcomer.textBox('Message').pressSequentially('h');
    times.push(performance.now() - begin);
    await newcomer.context.close();
  }
  return [
    { name: 'first load, compressed', unit: 'KB', subject: bytes, target: '< 250 KB' },
    {
      name: 'from opening the page to the first letter of a message',
      unit: 'ms',
      subject: times,
      target: '< 2000 ms',
    },
  ];
}

async function measureDelivery(setting: Setting, petrel: PetrelServer, browser: Browser): Promise<Row[]> {
  const [p50, p99]: [number[], number[]] = [[], []];
  for (let round = 0; round < setting.rounds; round++) {
    const person = await visit(petrel, browser, `listener-${round}`);
    await watchArrivals(person.context);
    await person.open();
    await person.signUp();
    await person.openChat(reader);
    const conv = directConv(reader, person.uid);
    for (let i = 1; i <= messages; i++) {
      const text = `mark-${i}`;
      const message = { id: text, type: 'text', body: { text } };
      await post(petrel, reader, `/conversations/${conv}/messages`, message);
      await until(text, () => person.page.evaluate(`presented['${text}'] > 0`));
    }
    const sorted = (await delays(person.page)).sort((a, b) => a - b);
    p50.push(sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN);
    p99.push(sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN);
    await person.context.close();
  }
  return [
    { name: 'from delivery to screen: p50', unit: 'ms', subject: p50, target: '< 50 ms' },
    { name: 'from delivery to screen: p99', unit: 'ms', subject: p99 },
  ];
}

async function measureHistories(setting: Setting, petrel: PetrelServer, browser: Browser): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of histories) {
    const title = `a history of ${count.toLocaleString('en')}`;
    const [opens, rates, late, heaps]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let round = 0; round < setting.rounds; round++) {
      const person = await visit(petrel, browser, reader);
      await person.open();
      await person.signIn();
      const begin = performance.now();
      await person.enter(`talker-${count}`);
      await person.sees(`line ${count}`);
      opens.push(performance.now() - begin);
      const devTools = await person.context.newCDPSession(person.page);
      const frames = await framesWhile(person.page, async () => {
        for (let i = 0; i < scrolls; i++) await scroll(devTools, person.page, -scrollWay, scrollSpeed);
      });
      const total = frames.reduce((sum, ms) => sum + ms, 0);
      rates.push((frames.length / total) * 1000);
      late.push((frames.filter((ms) => ms > 25).length / frames.length) * 100);
      heaps.push(await heapOf(devTools));
      await person.context.close();
    }
    rows.push(
      { name: `${title}: opening it`, unit: 'ms', subject: opens },
      { name: `${title}: frames while scrolling`, unit: 'per second', subject: rates, target: '60' },
      { name: `${title}: frames later than 25 ms`, unit: '%', subject: late },
      { name: `${title}: JavaScript heap afterwards`, unit: 'MB', subject: heaps },
    );
  }
  return rows;
}
