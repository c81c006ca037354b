import type { Texts } from '../en/index.ts';
import { chat } from './chat.ts';
import { errors } from './errors.ts';
import { people } from './people.ts';
import { shell } from './shell.ts';

export const zh: Texts = { shell, chat, people, errors };
