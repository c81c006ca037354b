import type { Route } from '../route.ts';
export function Sidebar({ route }: { readonly route: Route }) {
  return <nav>{route.page}</nav>;
}
