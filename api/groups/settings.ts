import type { Group, GroupSettings } from '../../store/directory.ts';

/** What of the given settings is not so yet. */
export function changedSettings(group: Group, given: GroupSettings): GroupSettings {
  const entries = Object.entries(given) as [keyof GroupSettings, unknown][];
  return Object.fromEntries(entries.filter(([name, value]) => (group[name] ?? null) !== value));
}

/** The group with new settings. */
export function withSettings(group: Group, settings: GroupSettings): Group {
  const merged = Object.entries({ ...group, ...settings });
  return Object.fromEntries(merged.filter(([, value]) => value !== null)) as unknown as Group;
}
