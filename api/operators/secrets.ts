/** Members that never stand in a log: secrets, and what people write to each other. */
const hidden: ReadonlySet<string> = new Set(['password', 'passwordHash', 'body', 'code', 'otp', 'secret']);

const maxItems = 20;
const maxText = 256;

/** What was asked for, fit for the audit log: no secrets, no bodies of messages, long texts and lists cut short. */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return value.length > maxText ? `${value.slice(0, maxText)}…` : value;
  if (Array.isArray(value)) {
    const shown: unknown[] = value.slice(0, maxItems).map(withoutSecrets);
    return value.length > maxItems ? [...shown, `… ${value.length} in all`] : shown;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !hidden.has(name))
      .slice(0, maxItems)
      .map(([name, member]) => [name.slice(0, maxText), withoutSecrets(member)]),
  );
}
