import { writeFileSync } from 'node:fs';
import { pages } from './pages.ts';

// `npm run docs`: writes the files that come from the code.
for (const [name, page] of pages) writeFileSync(new URL(`../../${name}`, import.meta.url), page());
