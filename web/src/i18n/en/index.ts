import { chat } from './chat.ts';
import { errors } from './errors.ts';
import { people } from './people.ts';
import { shell } from './shell.ts';

export const en = { shell, chat, people, errors };

/** What every language has: strings, and functions where a text has parts that change. */
export type Texts = typeof en;
