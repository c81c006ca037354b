import assert from 'node:assert/strict';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { until } from '../support/until.ts';

export const password = 'correct horse battery';

/** How far a message has come, as the page says it. */
export type Shown = 'Sending' | 'Sent' | 'Delivered' | 'Read' | 'Failed';

/** Slow machines are waited for. */
export const patienceMs = 20_000;

/** A browser of one person: all its tabs. */
export interface Home {
  readonly context: BrowserContext;
  readonly uid: string;
  /** Where the page is. */
  readonly url: string;
  /** Errors of the pages, of their consoles and of their content security policy. */
  readonly faults: string[];
}

/** Somebody at a tab, who knows the page by its roles and names alone, as a screen reader does. */
export class Person {
  readonly home: Home;
  #page: Page | undefined;

  constructor(home: Home) {
    this.home = home;
  }

  get uid(): string {
    return this.home.uid;
  }

  get context(): BrowserContext {
    return this.home.context;
  }

  get page(): Page {
    return this.#page ?? assert.fail(`${this.uid} has no page open`);
  }

  /** Opens the page in a new tab, at a route where there is one. */
  async open(route = ''): Promise<this> {
    this.#page = await this.context.newPage();
    await this.#page.goto(`${this.home.url}/${route}`);
    return this;
  }

  /** The same person at another tab. */
  tab(route = ''): Promise<Person> {
    return new Person(this.home).open(route);
  }

  textBox(name: string): Locator {
    return this.page.getByRole('textbox', { name, exact: true });
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  get log(): Locator {
    return this.page.getByRole('log', { name: 'Messages', exact: true });
  }

  get list(): Locator {
    return this.page.getByRole('list', { name: 'Conversations', exact: true });
  }

  async #fillAccount(word: string): Promise<void> {
    await this.textBox('User name').fill(this.uid);
    await this.textBox('Password').fill(word);
  }

  async signUp(word = password): Promise<void> {
    await this.#fillAccount(word);
    await this.button('Create account').click();
    await this.isIn();
  }

  async trySignIn(word: string): Promise<void> {
    await this.#fillAccount(word);
    await this.button('Sign in').click();
  }

  async signIn(word = password): Promise<void> {
    await this.trySignIn(word);
    await this.isIn();
  }

  async signOut(): Promise<void> {
    await this.button('Sign out').click();
    await this.isOut();
  }

  /** Signed in, with the list on the screen. */
  async isIn(): Promise<void> {
    await this.button('New chat').waitFor();
    assert.equal(await this.textBox('Password').count(), 0);
  }

  async isOut(): Promise<void> {
    await this.textBox('Password').waitFor();
  }

  /** Opens the chat with this user by name. */
  async openChat(uid: string): Promise<void> {
    await this.button('New chat').click();
    await this.textBox('User name').fill(uid);
    await this.textBox('User name').press('Enter');
    await this.isAt(uid);
  }

  /** Waits until the conversation that is open has this in its id. */
  async isAt(part: string): Promise<void> {
    await this.page.waitForURL((url) => {
      const [, conv] = /^#\/c\/([^/?]+)/.exec(url.hash) ?? [];
      return conv !== undefined && decodeURIComponent(conv).split(':').includes(part);
    });
    await this.textBox('Message').waitFor();
  }

  /** Opens a conversation of the list. */
  async enter(name: string): Promise<void> {
    await this.entry(name).first().click();
    await this.textBox('Message').waitFor();
  }

  /** The entry of the list of conversations. */
  entry(name: string): Locator {
    return this.list.getByRole('listitem').filter({ hasText: name });
  }

  /** Writes a message and sends it by the key. */
  async say(text: string): Promise<void> {
    const box = this.textBox('Message');
    await box.fill(text);
    await box.press('Enter');
  }

  /** The message on the screen with this text. */
  message(text: string): Locator {
    return this.log.getByRole('article').filter({ hasText: text });
  }

  /** Waits until exactly one message with this text is on the screen; with `from` it names the sender. */
  async sees(text: string, from?: string): Promise<Locator> {
    const message = this.message(text);
    await message.first().waitFor();
    assert.equal(await message.count(), 1, `“${text}” is there more than once`);
    if (from !== undefined) await hasText(message, from);
    return message;
  }

  /** Waits until the message is shown in one of these states. */
  async seesState(text: string, ...states: Shown[]): Promise<void> {
    const message = await this.sees(text);
    await hasText(message, new RegExp(`\\b(${states.join('|')})\\b`));
  }

  /** Chooses what is to be done with a message: a button beside it, or an item of its menu. */
  async act(text: string, action: string): Promise<void> {
    const message = await this.sees(text);
    await message.hover();
    const button = message.getByRole('button', { name: action, exact: true });
    if ((await button.count()) > 0) return button.click();
    await message.getByRole('button', { name: 'More actions', exact: true }).click();
    await this.menuItem(action).click();
  }

  menuItem(name: string): Locator {
    return this.page.getByRole('menuitem', { name, exact: true });
  }

  /** The dialog that is open. */
  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** What the messages in the page say of this, from top to bottom; time and state follow without a space. */
  async texts(pattern: RegExp): Promise<string[]> {
    const messages = await this.log.getByRole('article').allTextContents();
    return messages.flatMap((text) => pattern.exec(text)?.[0] ?? []);
  }

  /** Waits until the messages on the screen say this, each once, in this order. */
  async seesAll(pattern: RegExp, expected: readonly string[], timeoutMs = patienceMs): Promise<void> {
    let seen: string[] = [];
    await until(
      `all ${expected.length} messages`,
      async () => {
        seen = await this.texts(pattern);
        return seen.length >= expected.length && seen.at(-1) === expected.at(-1);
      },
      timeoutMs,
    ).catch(() => undefined);
    assert.deepEqual(seen, expected);
  }
}

/** Waits until the element says this to a screen reader. */
export async function hasText(
  element: Locator,
  wanted: string | RegExp,
  timeoutMs = patienceMs,
): Promise<void> {
  const fits = (text: string) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text));
  let heard = '';
  await until(
    `an element that says ${wanted}`,
    async () => {
      heard = await element.ariaSnapshot().catch(() => heard);
      return fits(heard);
    },
    timeoutMs,
  ).catch(() => assert.fail(`${wanted} is not in:\n${heard}`));
}
