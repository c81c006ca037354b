import type { MessageType, OutgoingDocument } from '../../schemas/messages.ts';

type Body = OutgoingDocument['body'];

/** Members of a body that name something, and are not read by people. */
const media: ReadonlySet<string> = new Set(['file', 'mime', 'thumb']);
const names: Readonly<Record<MessageType, ReadonlySet<string>>> = {
  text: new Set(),
  image: media,
  file: media,
  audio: media,
  video: media,
  location: new Set(),
  custom: new Set(['kind']),
};

/** Hears of one text, with its place; answers whether to look no further. */
type Visit = (text: string, holder: Record<string, unknown>, member: string) => boolean;

/** Goes through the texts of a body, however deep; without recursion, since clients decide the depth. */
function visitTexts(type: MessageType, body: Body, visit: Visit): void {
  const waiting: Record<string, unknown>[] = [body];
  for (let holder = waiting.pop(); holder !== undefined; holder = waiting.pop()) {
    for (const [member, value] of Object.entries(holder)) {
      if (holder === body && names[type].has(member)) continue;
      if (typeof value === 'string') {
        if (visit(value, holder, member)) return;
      } else if (typeof value === 'object' && value !== null) {
        waiting.push(value as Record<string, unknown>);
      }
    }
  }
}

/** Whether the test holds for one of the texts that people read in the body. */
export function someText(type: MessageType, body: Body, test: (text: string) => boolean): boolean {
  let found = false;
  visitTexts(type, body, (text) => {
    found = test(text);
    return found;
  });
  return found;
}

/** Puts what `change` makes of them in place of the texts of the body itself. */
export function changeTexts(type: MessageType, body: Body, change: (text: string) => string): void {
  visitTexts(type, body, (text, holder, member) => {
    holder[member] = change(text);
    return false;
  });
}
