import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { directConv } from '../../schemas/event.ts';
import { findChromium, startChromium } from '../servers/chromium.ts';
import { Petrel } from '../support/petrel.ts';
import { Person, password } from './person.ts';

const folder = fileURLToPath(new URL('../../../docs/images/', import.meta.url));

/** Who is in the pictures; the first one's browser is what they show. */
const people = {
  ida: 'Ida Holm',
  sofia: 'Sofia Rossi',
  jonas: 'Jonas Berg',
  amara: 'Amara Okafor',
  mei: '林美 Lin Mei',
  priya: 'Priya Nair',
  noah: 'Noah Fischer',
  lucia: 'Lucía Herrera',
} as const;
type Uid = keyof typeof people;
const me: Uid = 'ida';

const minuteMs = 60_000;

/** The server lives at a time that the script chooses, so that what was said lies hours apart. */
class Clock {
  readonly #file = join(tmpdir(), `petrel-clock-${process.pid}`);
  /** A quiet morning: twenty to eleven, today or yesterday. */
  readonly end: number;

  constructor() {
    const morning = new Date();
    morning.setHours(10, 42, 0, 0);
    if (morning.getTime() > Date.now()) morning.setDate(morning.getDate() - 1);
    this.end = morning.getTime();
    this.before(0);
  }

  /** Sets the server's time to so many minutes before the picture is taken. */
  before(minutes: number): void {
    writeFileSync(this.#file, String(this.end - minutes * minuteMs - Date.now()));
  }

  /** What Node is to load before anything else. */
  get preload(): string {
    const code = `
      import { readFileSync } from 'node:fs';
      const now = Date.now;
      Date.now = () => now() + Number(readFileSync(${JSON.stringify(this.#file)}, 'utf8') || 0);`;
    return `data:text/javascript,${encodeURIComponent(code)}`;
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }
}

interface Said {
  readonly replyTo?: number;
  readonly mentions?: readonly Uid[];
}

/** What the people do, by the API. */
class Story {
  readonly #petrel: Petrel;
  readonly #clock: Clock;
  #ids = 0;

  constructor(petrel: Petrel, clock: Clock) {
    this.#petrel = petrel;
    this.#clock = clock;
  }

  async ask(uid: Uid, method: 'post' | 'put' | 'patch', path: string, body: object = {}): Promise<unknown> {
    const reply = await this.#petrel.known(uid).api[method](path, body);
    if (reply.status >= 300) throw new Error(`${uid}: ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  async #send(uid: Uid, conv: string, type: string, body: object, more: object = {}): Promise<number> {
    const id = `demo-${++this.#ids}`;
    const path = `/conversations/${conv}/messages`;
    const { seq } = (await this.ask(uid, 'post', path, { id, type, body, ...more })) as { seq: number };
    return seq;
  }

  /** Says something so many minutes before the picture is taken; answers its seq. */
  say(minutes: number, uid: Uid, conv: string, text: string, said: Said = {}): Promise<number> {
    this.#clock.before(minutes);
    return this.#send(uid, conv, 'text', { text }, said);
  }

  async react(conv: string, target: number, emoji: string, ...uids: readonly Uid[]): Promise<void> {
    for (const uid of uids) await this.#send(uid, conv, 'react', { target, emoji, on: true });
  }

  async pin(uid: Uid, conv: string, target: number): Promise<void> {
    await this.#send(uid, conv, 'pin', { target, on: true });
  }

  async read(conv: string, seq: number, ...uids: readonly Uid[]): Promise<void> {
    for (const uid of uids) await this.ask(uid, 'patch', `/conversations/${conv}`, { read: seq });
  }

  async group(uid: Uid, name: string, members: readonly Uid[]): Promise<string> {
    const { gid } = (await this.ask(uid, 'post', '/groups', { name, members })) as { gid: string };
    return `g:${gid}`;
  }
}

const dayMinutes = 24 * 60;

/** Answers the group that the pictures show. */
async function tell(story: Story, clock: Clock): Promise<string> {
  clock.before(3 * dayMinutes);
  const noah = directConv(me, 'noah');
  await story.say(2.6 * dayMinutes, 'noah', noah, 'The print shop wants the poster by Friday.');
  await story.read(noah, await story.say(2.5 * dayMinutes, me, noah, 'They have it already 🙂'), me, 'noah');
  const lucia = directConv(me, 'lucia');
  const photos = await story.say(
    2 * dayMinutes,
    'lucia',
    lucia,
    'Thank you for the photos, they are lovely!',
  );
  await story.read(lucia, photos, me);

  clock.before(1.3 * dayMinutes);
  const trip = await story.group('sofia', 'Skokholm field trip', [me, 'jonas', 'amara', 'mei', 'priya']);
  const others: readonly Uid[] = ['sofia', 'jonas', 'amara', 'mei', 'priya'];
  const boat = await story.say(
    1070,
    'sofia',
    trip,
    'The boat leaves Martin’s Haven at 8:30 on Saturday. Who has the long lens?',
  );
  await story.say(1066, 'jonas', trip, 'I do. Bringing the scope as well 🔭');
  await story.say(1060, me, trip, 'Then I take the recorder and spare batteries.');

  const sailing = await story.group('jonas', 'Sailing club', [me, 'noah', 'lucia', 'priya']);
  clock.before(300);
  await story.say(240, 'priya', sailing, 'Rigging check is moved to Thursday, same time.');
  const mei = directConv(me, 'mei');
  await story.say(95, me, mei, '明天的天气怎么样？');
  await story.read(mei, 1, 'mei');
  await story.say(92, 'mei', mei, '西北风三级，傍晚前都是晴天 ☀️');
  await story.read(mei, 2, me);

  const forecast = await story.say(
    64,
    'mei',
    trip,
    'Forecast for Saturday: north-west 3, dry until the late afternoon ☀️',
  );
  await story.react(trip, forecast, '🎉', 'sofia', 'jonas', me);
  await story.say(
    38,
    'amara',
    trip,
    '8:30 works. I can pick up two people at Haverfordwest station, from the 7:12 train.',
    { replyTo: boat },
  );
  await story.say(36, me, trip, '@amara could you take Priya and me?', { mentions: ['amara'] });
  const van = await story.say(33, 'amara', trip, 'Of course! Look for the green van.');
  await story.react(trip, van, '👍', me, 'priya');
  const permits = await story.say(
    14,
    'sofia',
    trip,
    'Landing permits are signed, the list is at https://example.org/skokholm/permits',
  );
  await story.react(trip, permits, '🙏', 'jonas');
  await story.pin('sofia', trip, permits);
  const tea = await story.say(9, me, trip, 'Perfect. Last one aboard makes the tea ☕');
  await story.react(trip, tea, '😄', 'jonas', 'mei', 'amara');
  const last = await story.say(6, 'priya', trip, 'Deal. I will be first, then.');
  await story.read(trip, last, me, ...others);
  await story.ask(me, 'patch', `/conversations/${trip}`, { pinned: true });

  const jonas = directConv(me, 'jonas');
  await story.say(5, 'jonas', jonas, 'Do you still have my head torch?');
  await story.say(4, 'jonas', jonas, 'The one with the red light');
  const sofia = directConv(me, 'sofia');
  await story.read(sofia, await story.say(2, me, sofia, 'I can print the species list tonight'), me, 'sofia');
  clock.before(1);
  await story.ask(me, 'patch', `/conversations/${sailing}`, { muted: true });
  return trip;
}

const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 };
const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

async function picture(
  browser: Browser,
  clock: Clock,
  url: string,
  name: string,
  options: BrowserContextOptions,
  conv?: string,
): Promise<void> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  await context.clock.setFixedTime(clock.end);
  const person = new Person({ context, uid: me, url, faults: [] });
  await person.open();
  await person.signIn();
  await person.entry(people.jonas).waitFor();
  if (conv !== undefined) {
    await person.page.goto(`${url}/#/c/${conv}`);
    await person.message('green van').waitFor();
    await person.message('I will be first').waitFor();
    await person.textBox('Message').blur();
  }
  await person.page.mouse.move(0, 0);
  // Pictures of people who are online, and fonts.
  await person.page.waitForLoadState('networkidle');
  await person.page.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
}

const clock = new Clock();
const petrel = new Petrel({ NODE_OPTIONS: `--import=${clock.preload}` });
try {
  mkdirSync(folder, { recursive: true });
  clock.before(4 * dayMinutes);
  await petrel.start();
  for (const [uid, name] of Object.entries(people)) {
    const { status } = await petrel.api().post('/auth/register', { uid, password, name });
    if (status !== 201) throw new Error(`${uid} could not register: ${status}`);
  }
  const conv = await tell(new Story(petrel, clock), clock);
  clock.before(0);
  // Who is there, as far as the pictures tell.
  const online = ['sofia', 'jonas', 'mei'].map((uid) => petrel.known(uid).connect());
  await Promise.all(online);
  const browser = await startChromium(await findChromium());
  const url = petrel.url('http');
  await picture(browser, clock, url, 'desktop-light', { ...desktop, colorScheme: 'light' }, conv);
  await picture(browser, clock, url, 'desktop-dark', { ...desktop, colorScheme: 'dark' }, conv);
  await picture(browser, clock, url, 'phone-list', { ...phone, colorScheme: 'light' });
  await picture(browser, clock, url, 'phone-conversation', { ...phone, colorScheme: 'light' }, conv);
  await browser.close();
} finally {
  await petrel.remove();
  clock.remove();
}
