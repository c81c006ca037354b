import {
  eventMessage,
  noticeMessages,
  presenceMessage,
  readMessage,
  sendMessages,
  type TopicMessage,
  typingMessage,
} from './messages.ts';

/** A topic of the chat, as the documents tell of it. */
export interface Topic {
  readonly name: string;
  /** Members in braces. */
  readonly address: string;
  /** `in`: clients publish; `out`: the server does. */
  readonly direction: 'in' | 'out';
  readonly summary: string;
  readonly description: string;
  readonly qos: 0 | 1;
  readonly retain?: boolean;
  readonly messages: readonly TopicMessage[];
}

const acknowledged =
  'PUBACK (PUBREC at QoS 2) comes after the event is on durable storage, with the user properties `conv`, `seq`, `ts`, and `dup` = `1` for a repeat. On refusal its reason string begins with the error code, and the user property `retry-after` says how many ms to wait where there was too much. A payload that does not begin with `{` is a text message.';

/** What is said of the topics for a user and for a group alike. */
const pair = (
  name: string,
  prefix: string,
  topic: Omit<Topic, 'name' | 'address' | 'summary'>,
  summary: (whom: string) => string,
): Topic[] => [
  { ...topic, name: `${name}.user`, address: `${prefix}/u/{uid}`, summary: summary('a user') },
  { ...topic, name: `${name}.group`, address: `${prefix}/g/{gid}`, summary: summary('a group') },
];

/** Every topic but those of requests and answers. */
export const topics: readonly Topic[] = [
  ...pair(
    'send',
    'send',
    { direction: 'in', description: acknowledged, qos: 1, messages: sendMessages },
    (whom) => `Send a message, or a change to one, to ${whom}`,
  ),
  {
    name: 'events.user',
    address: 'u/{uid}',
    direction: 'out',
    summary: 'Events of your direct conversations, those you sent too',
    description: 'Comes without subscribing, to every session of the user. Subscribing sets the options.',
    qos: 1,
    messages: [eventMessage],
  },
  {
    name: 'events.group',
    address: 'g/{gid}',
    direction: 'out',
    summary: 'Events of a group you are a member of',
    description: 'Comes without subscribing, as memberships come and go. Subscribing sets the options.',
    qos: 1,
    messages: [eventMessage],
  },
  {
    name: 'notices',
    address: 'n/{uid}',
    direction: 'out',
    summary: "Notices: what is not in a conversation's history",
    description: 'Comes without subscribing. Not kept for absent sessions.',
    qos: 1,
    messages: noticeMessages,
  },
  ...pair(
    'read',
    'read',
    {
      direction: 'in',
      description: 'Read cursors never go back. The others are told by a `read` notice.',
      qos: 1,
      messages: [readMessage],
    },
    (whom) => `You have read the conversation with ${whom} up to an event`,
  ),
  ...pair(
    'typing',
    'typing',
    {
      direction: 'in',
      description: 'Told to those who are connected now; never stored.',
      qos: 0,
      messages: [typingMessage],
    },
    (whom) => `You are typing to ${whom}`,
  ),
  {
    name: 'presence',
    address: 'presence/{uid}',
    direction: 'out',
    summary: 'Whether a user is online, for those who may know',
    description:
      'Subscribe to it; the state comes retained, and then each change. A will may go to `presence/{own}`.',
    qos: 1,
    retain: true,
    messages: [presenceMessage],
  },
];
