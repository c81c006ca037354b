import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { after, afterEach, before, type TestContext } from 'node:test';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { findChromium, startChromium } from '../servers/chromium.ts';
import { withReal } from '../servers/not-available.ts';
import { Petrel } from '../support/petrel.ts';
import { type Home, Person, patienceMs } from './person.ts';

/** A folder for pictures of the pages of tests that fail. */
const pictures = process.env.TEST_WEB_PICTURES;

/** A host name that is not this machine's own to a browser: pages from there are on plain http in a LAN. */
export const lanHost = 'petrel.lan';

export interface PersonOptions extends BrowserContextOptions {
  /** Where the page is opened; the server itself where absent. */
  readonly url?: string;
}

/** One server with the built page, one Chromium, and the people of a test, each with a browser of their own. */
export class Stage {
  readonly petrel: Petrel;
  readonly #people: Person[] = [];
  /** Errors of the console that belong to what a test does. */
  #tolerates: readonly RegExp[] = [];
  #browser: Browser | undefined;
  #names = 0;

  constructor(petrel: Petrel) {
    this.petrel = petrel;
  }

  async start(chromium: string): Promise<void> {
    const args = [`--host-resolver-rules=MAP ${lanHost} 127.0.0.1`];
    [this.#browser] = await Promise.all([startChromium(chromium, args), this.petrel.start()]);
  }

  /** Until the end of the test these are no errors of the page. */
  tolerate(...errors: readonly RegExp[]): void {
    this.#tolerates = errors;
  }

  /** A new browser in which the page was opened; `name` begins the uid. Nobody is signed in. */
  async person(name: string, { url, ...options }: PersonOptions = {}): Promise<Person> {
    const uid = `${name}-${++this.#names}`;
    const context = await this.#browser!.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'en-GB',
      reducedMotion: 'reduce',
      ...options,
    });
    const home: Home = {
      context,
      uid,
      url: url ?? this.petrel.url('http'),
      faults: [],
    };
    context.setDefaultTimeout(patienceMs);
    watch(home);
    const person = new Person(home);
    this.#people.push(person);
    await person.open();
    return person;
  }

  /** New accounts, made by their owners, who are signed in. */
  async people<const N extends readonly string[]>(...names: N): Promise<{ [K in keyof N]: Person }> {
    const signedUp = names.map(async (name) => {
      const person = await this.person(name);
      await person.signUp();
      return person;
    });
    return (await Promise.all(signedUp)) as { [K in keyof N]: Person };
  }

  /** Closes the browsers of the test; fails where a page had an error. */
  async leave(t: TestContext & { readonly passed?: boolean }): Promise<void> {
    const people = this.#people.splice(0);
    if (t.passed === false) await Promise.all(people.map((person) => tell(t, person)));
    await Promise.all(people.map(({ context }) => context.close()));
    const tolerates = this.#tolerates;
    this.#tolerates = [];
    const faults = people.flatMap(({ uid, home }) => home.faults.map((fault) => `${uid}: ${fault}`));
    assert.deepEqual(
      faults.filter((fault) => !tolerates.some((one) => one.test(fault))),
      [],
    );
  }

  async end(): Promise<void> {
    await this.#browser?.close();
    await this.petrel.remove();
  }
}

/** What Chromium says of a page that is closed, or loaded anew, while it connects. */
const leftWhileConnecting = /WebSocket is closed before the connection is established/;

/** Violations of the content security policy are errors of the console. */
function watch({ context, faults }: Home): void {
  const add = (text: string) => void faults.push(text);
  context.on('weberror', (fault) => add(fault.error().stack ?? fault.error().message));
  context.on('console', (message) => {
    const text = message.text();
    if (['error', 'warning'].includes(message.type()) && !leftWhileConnecting.test(text)) add(text);
  });
  context.on('dialog', (dialog) => {
    add(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

/** What somebody saw when their test failed. */
async function tell(t: TestContext, { uid, context }: Person): Promise<void> {
  for (const [i, page] of context.pages().entries()) {
    const seen = await page
      .locator('body')
      .ariaSnapshot({ timeout: 2000 })
      .catch((error: Error) => error.message);
    t.diagnostic(`${uid} at ${page.url()} saw:\n${seen}`);
    if (!pictures) continue;
    mkdirSync(pictures, { recursive: true });
    const name = `${t.name}-${uid}-${i}`.replace(/[^\w-]+/g, '-');
    await page.screenshot({ path: join(pictures, `${name}.png`) }).catch(() => undefined);
  }
}

/** Registers tests in Chromium, which share a stage; `env` is the server's. */
export const onStage = (
  register: (stage: Stage) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<void> =>
  withReal('Chromium', findChromium, (chromium) => {
    const stage = new Stage(new Petrel(env));
    before(() => stage.start(chromium));
    afterEach((t) => stage.leave(t as TestContext));
    after(() => stage.end());
    register(stage);
  });
