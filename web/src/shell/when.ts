/** The time of something in a list: the clock today, then the day, then the date. */
export function whenOf(ts: number, now: number, language: string, yesterday: string): string {
  const days = daysBetween(ts, now);
  if (days <= 0)
    return formatter(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(ts);
  if (days === 1) return yesterday;
  if (days < 7) return formatter(language, { weekday: 'short' }).format(ts);
  const isThisYear = new Date(ts).getFullYear() === new Date(now).getFullYear();
  return formatter(
    language,
    isThisYear ? { day: 'numeric', month: 'short' } : { day: '2-digit', month: '2-digit', year: 'numeric' },
  ).format(ts);
}

/** Midnights between two times, by the clock on the wall. */
export function daysBetween(earlier: number, later: number): number {
  const [from, to] = [new Date(earlier), new Date(later)];
  const day = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((day(to) - day(from)) / 86_400_000);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one is slow; a long list needs the same few again and again. */
function formatter(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  const found = formatters.get(key) ?? new Intl.DateTimeFormat(language, options);
  formatters.set(key, found);
  return found;
}
