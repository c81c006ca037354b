/** One conversation: its head, its messages, the composer. */
export function ConversationView({ conv }: { readonly conv: string }) {
  return <main>{conv}</main>;
}
