import { isUid } from './identity.ts';

/** First levels that belong to the chat; every topic that starts with `$` is the server's too. */
const reservedLevels: ReadonlySet<string> = new Set([
  'send',
  'u',
  'g',
  'n',
  'read',
  'typing',
  'presence',
  'req',
  'res',
]);

const firstLevel = (topic: string): string => {
  const slash = topic.indexOf('/');
  return slash === -1 ? topic : topic.slice(0, slash);
};

/** Whether a topic name (no wildcards) is the server's own and not a custom one. */
export const isReserved = (topic: string): boolean =>
  topic.charCodeAt(0) === 0x24 /* $ */ || reservedLevels.has(firstLevel(topic));

/** A user or a group that a topic is about. */
export interface Target {
  readonly kind: 'direct' | 'group';
  readonly name: string;
}

/** A reserved topic that a client publishes to. */
export type InboundTopic =
  | { readonly kind: 'send' | 'read' | 'typing'; readonly target: Target }
  | { readonly kind: 'presence'; readonly uid: string }
  | { readonly kind: 'request'; readonly operation: string }
  /** A topic that only the server publishes to. */
  | { readonly kind: 'server' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'custom' };

const operationPattern = /^[a-z]+(\.[a-z]+)*$/;

/** What a topic name that a client publishes to means. */
export function inboundTopic(topic: string): InboundTopic {
  if (!isReserved(topic)) return { kind: 'custom' };
  const [first, second, third, ...rest] = topic.split('/');
  switch (first) {
    case 'send':
    case 'read':
    case 'typing':
      if ((second !== 'u' && second !== 'g') || third === undefined || rest.length > 0 || !isUid(third)) {
        return { kind: 'malformed' };
      }
      return { kind: first, target: { kind: second === 'u' ? 'direct' : 'group', name: third } };
    case 'presence':
      return second !== undefined && third === undefined && isUid(second)
        ? { kind: 'presence', uid: second }
        : { kind: 'malformed' };
    case 'req':
      return second !== undefined && third === undefined && operationPattern.test(second)
        ? { kind: 'request', operation: second }
        : { kind: 'malformed' };
    default:
      return { kind: 'server' };
  }
}

/** What a subscription filter asks for. */
export type FilterTopic =
  | { readonly kind: 'inbox' | 'notices'; readonly uid: string }
  | { readonly kind: 'group'; readonly gid: string }
  | { readonly kind: 'presence'; readonly uid: string }
  /** `res/…`: answers come without a subscription, one is harmless. */
  | { readonly kind: 'answers' }
  | { readonly kind: 'system' }
  /** A reserved topic nobody subscribes to, or a wildcard below a reserved level. */
  | { readonly kind: 'refused' }
  /** `share` is the name of a shared subscription; `filter` is without that prefix. */
  | { readonly kind: 'custom'; readonly filter: string; readonly share?: string };

/** What a valid subscription filter (see isFilter) asks for. A wildcard first level is custom: it never matches a reserved topic. */
export function filterTopic(filter: string): FilterTopic {
  if (filter.startsWith('$share/')) {
    const slash = filter.indexOf('/', 7);
    const share = filter.slice(7, slash);
    const inner = filter.slice(slash + 1);
    return isReserved(inner) ? { kind: 'refused' } : { kind: 'custom', filter: inner, share };
  }
  if (!isReserved(filter)) return { kind: 'custom', filter };
  const [first, second, ...rest] = filter.split('/');
  if (first === '$SYS') return { kind: 'system' };
  if (first === 'res') return { kind: 'answers' };
  if (second === undefined || rest.length > 0 || !isUid(second)) return { kind: 'refused' };
  if (first === 'u') return { kind: 'inbox', uid: second };
  if (first === 'n') return { kind: 'notices', uid: second };
  if (first === 'g') return { kind: 'group', gid: second };
  if (first === 'presence') return { kind: 'presence', uid: second };
  return { kind: 'refused' };
}

/** Whether a string is a topic name: not empty, no wildcard, no U+0000. [MQTT-4.7.0-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2] */
export const isTopicName = (topic: string): boolean => topic.length > 0 && !/[+#\0]/.test(topic);

/** Whether a string is a topic filter, `$share/{name}/{filter}` included. [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1] [MQTT-4.8.2-2] */
export function isFilter(filter: string): boolean {
  if (filter.length === 0 || filter.includes('\0')) return false;
  const all = filter.split('/');
  const shared = all[0] === '$share';
  if (shared && (all.length < 3 || all[1] === '' || /[+#]/.test(all[1]!))) return false;
  const levels = shared ? all.slice(2) : all;
  if (shared && levels.length === 1 && levels[0] === '') return false;
  return levels.every((level, i) => {
    if (level === '#') return i === levels.length - 1;
    return level === '+' || !/[+#]/.test(level);
  });
}

/** Whether a filter matches a topic name. A wildcard first level does not match a topic that starts with `$`. [MQTT-4.7.2-1] */
export function filterMatches(filter: string, topic: string): boolean {
  if (topic.charCodeAt(0) === 0x24 && (filter[0] === '+' || filter[0] === '#')) return false;
  return levelsCover(filter.split('/'), topic.split('/'));
}

/** Whether every topic that `inner` matches is matched by `outer` too. */
export function filterCovers(outer: string, inner: string): boolean {
  if (inner.charCodeAt(0) === 0x24 && (outer[0] === '+' || outer[0] === '#')) return false;
  // Every topic has a first level.
  if (outer === '+/#' && inner === '#') return true;
  return levelsCover(outer.split('/'), inner.split('/'));
}

function levelsCover(outer: readonly string[], inner: readonly string[]): boolean {
  for (let i = 0; i < outer.length; i++) {
    const level = outer[i]!;
    if (level === '#') return true;
    if (i >= inner.length) return false;
    if (inner[i] === '#') return false;
    if (level !== '+' && level !== inner[i]) return false;
    if (level !== '+' && inner[i] === '+') return false;
  }
  return outer.length === inner.length;
}

/** filterMatches for one filter and very many topics: nothing is split or made for each of them. */
export function filterMatcher(filter: string): (topic: string) => boolean {
  const levels = filter.split('/');
  const wild = filter[0] === '+' || filter[0] === '#';
  return (topic) => {
    if (wild && topic.charCodeAt(0) === 0x24) return false;
    let at = 0;
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!;
      if (level === '#') return true;
      // Behind the last level of the topic: `a/#` matches `a`, nothing else does.
      if (at > topic.length) return false;
      if (level === '+') {
        const slash = topic.indexOf('/', at);
        at = slash === -1 ? topic.length + 1 : slash + 1;
      } else {
        const end = at + level.length;
        if (!topic.startsWith(level, at)) return false;
        if (end < topic.length && topic.charCodeAt(end) !== 0x2f) return false;
        at = end + 1;
      }
      if (i === levels.length - 1) return at > topic.length;
    }
    return false;
  };
}

/** How many levels a topic has. */
export function topicLevels(topic: string): number {
  let levels = 1;
  for (let i = 0; i < topic.length; i++) if (topic.charCodeAt(i) === 0x2f) levels++;
  return levels;
}
