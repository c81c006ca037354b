/** Whether a topic is one of those that an MQTT filter names. */
export function matches(filter: string, topic: string): boolean {
  const shared = /^\$share\/[^/]+\/(.*)$/s.exec(filter);
  const levels = (shared?.[1] ?? filter).split('/');
  const names = topic.split('/');
  // [MQTT-4.7.2-1]
  if (topic.startsWith('$') && (levels[0] === '#' || levels[0] === '+')) return false;
  for (const [i, level] of levels.entries()) {
    if (level === '#') return true;
    if (i >= names.length || (level !== '+' && level !== names[i])) return false;
  }
  return levels.length === names.length;
}
