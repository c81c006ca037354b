export function StartPage() {
  return <main />;
}
