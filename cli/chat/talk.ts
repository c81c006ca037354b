import type { Client, Conversation, Message, Sent } from '../../sdk/types.ts';
import { UsageError } from '../arguments.ts';
import { placeOf } from './place.ts';
import { harmless, lineOf } from './print.ts';

export const help = [
  'What you type is said. Lines that begin with / do something else:',
  '  /to UID, /to g:GID   go to another conversation',
  '  /list                your conversations',
  '  /history [N]         the last N messages here, 20 where absent',
  '  /reply SEQ TEXT      answer a message',
  '  /edit SEQ TEXT       say it differently',
  '  /recall SEQ          take it back',
  '  /react SEQ EMOJI     put a reaction on, or take yours off',
  '  /quit                end (so does Ctrl+D)',
  'A line that is to begin with / begins with //.',
].join('\n');

/** A talk in a terminal: takes lines and prints others, without knowing what reads and shows them. */
export class Talk {
  readonly #client: Client;
  readonly #print: (line: string) => void;
  #here: Conversation | undefined;
  readonly #unsettled = new Set<Promise<void>>();
  #close: () => void = () => {};

  constructor(client: Client, print: (line: string) => void) {
    this.#client = client;
    this.#print = print;
    client.on('message', (message) => this.#onMessage(message));
  }

  /** What stands before the line that is typed. */
  get prompt(): string {
    const { value: user } = this.#client.user;
    const here = this.#here === undefined ? '(nobody, see /help)' : (this.#here.uid ?? this.#here.conv);
    return `${user?.uid ?? ''} → ${here}> `;
  }

  /** Goes to a conversation and shows its end. Throws UsageError for what is none. */
  async to(word: string): Promise<void> {
    const conversation = placeOf(this.#client, word);
    this.#close();
    this.#here = conversation;
    this.#close = conversation.open();
    await loaded(conversation);
    conversation.markRead();
    this.#history(conversation, 20);
  }

  /** Does what a line says; resolves to false where it ends the talk. Never throws for what one may type. */
  async take(line: string): Promise<boolean> {
    const [, name, rest = ''] = /^\/(\w+)\s*(.*)$/s.exec(line) ?? [];
    if (name === 'quit') return false;
    try {
      if (name !== undefined) await this.#command(name, rest);
      else if (line.trim() !== '') await this.#said(line.replace(/^\/\//, '/'));
    } catch (error) {
      this.#print(`! ${error instanceof Error ? error.message : String(error)}`);
    }
    return true;
  }

  end(): void {
    this.#close();
    this.#close = () => {};
  }

  async #command(name: string, rest: string): Promise<void> {
    switch (name) {
      case 'help':
        return this.#print(help);
      case 'to':
        return await this.to(rest.trim());
      case 'list':
        return this.#list();
      case 'history':
        return this.#history(this.#place(), Math.max(1, Number.parseInt(rest, 10) || 20));
      case 'reply': {
        const [seq, text] = numbered(rest);
        return this.#sent(await this.#place().send({ body: { text }, replyTo: seq }));
      }
      case 'edit': {
        const [seq, text] = numbered(rest);
        return this.#sent(await this.#place().edit(seq, { text }));
      }
      case 'recall':
        return this.#sent(await this.#place().recall(numbered(rest, false)[0]));
      case 'react': {
        const [seq, emoji] = numbered(rest);
        return this.#sent(await this.#place().react(seq, emoji, !this.#hasReacted(seq, emoji)));
      }
      default:
        throw new UsageError(`There is no /${name}; see /help.`);
    }
  }

  #place(): Conversation {
    if (this.#here === undefined) throw new UsageError('Go to somebody first: /to UID.');
    return this.#here;
  }

  async #said(text: string): Promise<void> {
    this.#sent(await this.#place().send(text));
  }

  /** It is kept here already: whether it was stored is told when it is known. */
  #sent({ stored }: Sent): void {
    const told = stored
      .then(
        ({ seq }) => this.#print(`  ✓ #${seq}`),
        (error: Error) => this.#print(`! not sent: ${error.message}`),
      )
      .finally(() => this.#unsettled.delete(told));
    this.#unsettled.add(told);
  }

  /** Resolves when of all that was said it is known what became of it. */
  async settled(): Promise<void> {
    await Promise.all(this.#unsettled);
  }

  #list(): void {
    const entries = this.#client.conversations.value;
    if (entries.length === 0) this.#print('  No conversations yet: /to UID');
    for (const { conv, uid, name, unread, last } of entries) {
      const title = harmless(name ?? uid ?? conv);
      const news = unread > 0 ? ` (${unread} unread)` : '';
      this.#print(
        `  ${uid ?? conv}  ${title}${news}${last === undefined ? '' : `  ${lineOf(last, { withConv: false })}`}`,
      );
    }
  }

  #history({ messages }: Conversation, count: number): void {
    for (const message of messages.value.items.slice(-count))
      this.#print(`  ${lineOf(message, { withConv: false })}`);
  }

  #hasReacted(seq: number, emoji: string): boolean {
    const found = this.#place().messages.value.items.find((message) => message.seq === seq);
    return found?.reactions?.[emoji]?.includes(this.#client.user.value?.uid ?? '') === true;
  }

  #onMessage(message: Message): void {
    const isHere = message.conv === this.#here?.conv;
    this.#print(`${isHere ? '' : '• '}${lineOf(message, { withConv: !isHere })}`);
    if (isHere) this.#here?.markRead();
  }
}

function numbered(rest: string, withText = true): [seq: number, text: string] {
  const [, seq, text = ''] = /^#?(\d+)\s*(.*)$/s.exec(rest) ?? [];
  if (seq === undefined) throw new UsageError('Which message? Give its number.');
  if (withText && text === '') throw new UsageError('And what? Give a text.');
  return [Number(seq), text];
}

/** When cache or server have told what was said. */
const loaded = (conversation: Conversation): Promise<void> =>
  new Promise((resolve) => {
    const { messages } = conversation;
    if (messages.value.isLoaded) return resolve();
    const off = messages.subscribe(({ isLoaded }) => {
      if (!isLoaded) return;
      off();
      resolve();
    });
  });
