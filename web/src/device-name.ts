/** What this installation is called among the user's devices: `Firefox on Linux`. */
export function deviceName(userAgent: string): string {
  const browser = firstOf(browsers, userAgent);
  const system = firstOf(systems, userAgent);
  if (browser === undefined) return system ?? 'Web';
  return system === undefined ? browser : `${browser} on ${system}`;
}

/** In this order: most name others besides themselves. */
const browsers: readonly Kind[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const systems: readonly Kind[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

type Kind = readonly [RegExp, string];

function firstOf(kinds: readonly Kind[], userAgent: string): string | undefined {
  return kinds.find(([mark]) => mark.test(userAgent))?.[1];
}
