const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** How long ago, in words while it is near, as a date after a week. */
export function ago(ts: number, now: number, locale: string): string {
  const passed = Math.max(0, now - ts);
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  if (passed < minuteMs) return words.format(0, 'second');
  if (passed < hourMs) return words.format(-Math.floor(passed / minuteMs), 'minute');
  if (passed < dayMs) return words.format(-Math.floor(passed / hourMs), 'hour');
  if (passed < 7 * dayMs) return words.format(-Math.floor(passed / dayMs), 'day');
  return date(ts, locale);
}

export const date = (ts: number, locale: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(ts);

/** A day to come, or the time where it is today: for narrow places. */
export const day = (ts: number, now: number, locale: string): string =>
  isSameDay(ts, now) ? moment(ts, now, locale) : date(ts, locale);

/** A moment to come: the time alone on the same day, the year where it is another one. */
export function moment(ts: number, now: number, locale: string): string {
  const time = { hour: 'numeric', minute: '2-digit' } as const;
  const day = { ...time, month: 'short', day: 'numeric' } as const;
  const isThisYear = new Date(ts).getFullYear() === new Date(now).getFullYear();
  const style = isSameDay(ts, now) ? time : isThisYear ? day : { ...day, year: 'numeric' as const };
  return new Intl.DateTimeFormat(locale, style).format(ts);
}

const isSameDay = (one: number, other: number): boolean =>
  new Date(one).toDateString() === new Date(other).toDateString();
