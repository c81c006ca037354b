/** Stands where something is not shown. */
export const hidden = '[hidden]';

/** Members that hold secrets, or what people say to each other. */
export const hiddenNames: ReadonlySet<string> = new Set([
  'password',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'authenticationData',
  'cookie',
  'secret',
  'otp',
  'key',
  'privateKey',
  'headers',
  'payload',
  'body',
  'raw',
  'text',
  'note',
]);

const maxDepth = 6;

/** A copy to show: members named above hidden, bytes as their length, at any depth that is reasonable in a log. */
export function hide(object: Record<string, unknown>): Record<string, unknown> {
  return hideMembers(object, 0);
}

function hideMembers(object: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name,
      hiddenNames.has(name) && value !== undefined ? hidden : shown(name, value, depth),
    ]),
  );
}

function shown(name: string, value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  // These have serializers of their own, which see the objects as they are.
  if (depth === 0 && (name === 'err' || name === 'req' || name === 'res')) return value;
  if (value instanceof Error) return { type: value.name, message: value.message };
  if (value instanceof Date) return value;
  if (depth >= maxDepth) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => shown('', item, depth + 1));
  if (value instanceof Map || value instanceof Set) return `[${value.size} items]`;
  return hideMembers(value, depth + 1);
}

const tokenPattern = /\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*/g;

/** The text with every JSON Web Token in it taken out. */
export const withoutTokens = (text: string): string =>
  text.includes('eyJ') ? text.replace(tokenPattern, hidden) : text;
