/** Where a request goes, and what it carries. */
export interface Address {
  /** Below /v1: path and query. */
  readonly address: string;
  /** JSON; absent where the method has none. */
  readonly body?: string;
}

/** Puts the members of an input where the operation has them: the path, then the query (GET, DELETE) or a JSON body. */
export function addressOf(method: string, path: string, input: Readonly<Record<string, unknown>>): Address {
  const left = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = left.get(name);
    left.delete(name);
    return encodeSegment(String(value));
  });
  if (method !== 'GET' && method !== 'DELETE')
    return { address: filled, body: JSON.stringify(Object.fromEntries(left)) };
  if (left.size === 0) return { address: filled };
  const query = new URLSearchParams([...left].map(([name, value]) => [name, String(value)]));
  return { address: `${filled}?${query}` };
}

/** A lone `.` or `..` would be taken for a step of the path, and cannot be escaped: no name of Petrel's is one. */
const encodeSegment = (text: string): string =>
  text === '.' || text === '..' ? `${text}%00` : encodeURIComponent(text);
