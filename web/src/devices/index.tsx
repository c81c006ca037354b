/** The user's devices, each with a way to sign it out. */
export function DevicesScreen() {
  return <main />;
}
