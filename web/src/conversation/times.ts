import type { Language, Texts } from '../i18n/index.ts';
import { dayOf } from './rows.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format is slow, using one is not. */
function format(language: Language, kind: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${kind}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(language, options);
  formats.set(key, made);
  return made;
}

/** `14:05`, in every language. Each message has one: it is not left to Intl, which takes its time. */
export function clockTime(ts: number): string {
  const date = new Date(ts);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

const twoDigits = (n: number): string => String(n).padStart(2, '0');

/** All of it, for where there is room. */
export const fullTime = (ts: number, language: Language): string =>
  format(language, 'full', { dateStyle: 'full', timeStyle: 'medium' }).format(ts);

/** The day, as a line between the messages says it. */
export function dayName(ts: number, language: Language, t: Texts, now = Date.now()): string {
  const day = dayOf(ts);
  const today = dayOf(now);
  if (day === today) return t.chat.today;
  if (day === dayOf(today - 1)) return t.chat.yesterday;
  if (new Date(ts).getFullYear() === new Date(now).getFullYear()) {
    return format(language, 'day', { weekday: 'long', month: 'long', day: 'numeric' }).format(ts);
  }
  return format(language, 'year', { year: 'numeric', month: 'long', day: 'numeric' }).format(ts);
}

/** A time for a sentence: `14:05`, `yesterday, 14:05`, `3 May, 14:05`. */
export function momentName(ts: number, language: Language, t: Texts, now = Date.now()): string {
  const time = clockTime(ts);
  const day = dayOf(ts);
  if (day === dayOf(now)) return time;
  if (day === dayOf(dayOf(now) - 1)) return `${t.chat.yesterday} ${time}`;
  const options: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };
  if (new Date(ts).getFullYear() !== new Date(now).getFullYear()) {
    return format(language, 'shortYear', { ...options, year: 'numeric' }).format(ts);
  }
  return `${format(language, 'short', options).format(ts)} ${time}`;
}
