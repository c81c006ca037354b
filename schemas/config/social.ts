import { Type } from 'typebox';
import { integer, oneOf, section, strings } from './fields.ts';

const days2 = 172_800;

export const messages = section('What may be changed of a message that was sent.', {
  editWindow: integer(days2, 0, 315_360_000, 's', 'How long its sender may edit a message; 0 sets no end.'),
  recallWindow: integer(
    days2,
    0,
    315_360_000,
    's',
    'How long its sender may recall a message; 0 sets no end.',
  ),
  managerRecallWindow: integer(
    0,
    0,
    315_360_000,
    's',
    "How long the owner and admins of a group may recall any member's message; 0 sets no end.",
  ),
});

export const groups = section('Groups.', {
  maxMembers: integer(100_000, 1, 1_000_000, '', 'Members of one group; beyond it `group.full`.'),
  readNoticeMembers: integer(
    200,
    0,
    10_000,
    '',
    'In groups of up to so many members the senders of messages are told when a member has read them; `receipts` tells it in groups of any size. 0: in no group.',
  ),
});

export const friends = section('Friends.', {
  maxFriends: integer(5000, 1, 1_000_000, '', 'Friends of one user; beyond it `friend.full`.'),
});

export const moderation = section('What is looked at before a message is stored.', {
  url: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s]+$',
      expected: 'an http:// or https:// address',
      note: 'none',
      description: 'Asked by HTTP POST before each message and edit is stored.',
    }),
  ),
  secret: Type.Optional(
    Type.String({
      minLength: 16,
      note: 'none',
      secret: true,
      description: 'Signs the requests to `url`: HMAC-SHA256 of the body in the header `petrel-signature`.',
    }),
  ),
  timeout: integer(500, 50, 5000, 'ms', 'How long the answer of `url` may take.'),
  onFailure: oneOf(
    'refuse',
    ['refuse', 'allow'],
    'What becomes of a message when `url` does not answer in time, or not as it should.',
  ),
  words: strings('Words that a text may not have, whatever their case.'),
  wordsAction: oneOf(
    'refuse',
    ['refuse', 'mask'],
    'Whether a text with such a word is refused, or stored with the word made of asterisks.',
  ),
});

export const audit = section('What operators and backends did, as `admin.audit` shows it.', {
  keep: integer(
    400,
    0,
    36_500,
    'days',
    'How long its entries, and ended broadcasts, are kept; 0 keeps them.',
  ),
});

/** Floods of one kind of action; in `limits`. */
export const actionLimits = {
  requestPerSecond: integer(
    500,
    0,
    1_000_000,
    '',
    'Operations a user may ask for in a second over both doors together, five times that at once; scope `admin` is exempt.',
  ),
  searchPerMinute: integer(120, 0, 1_000_000, '', 'Searches for users a user may make in a minute.'),
  friendRequestPerHour: integer(200, 0, 1_000_000, '', 'Requests for friendship a user may send in an hour.'),
  groupPerHour: integer(1000, 0, 1_000_000, '', 'Groups a user may make in an hour.'),
  typingPerSecond: integer(
    5,
    0,
    1_000_000,
    '',
    'Notes of typing a user may send in a second; what is beyond is dropped.',
  ),
};
