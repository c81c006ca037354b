import type { TSchema } from 'typebox';
import { errors } from '../../schemas/errors.ts';
import * as shapes from '../operations/shapes.ts';
import type { Json } from './refs.ts';

/** A problem document (RFC 9457), as api/http/problem.ts writes it. */
export const problem: Json = {
  type: 'object',
  description: 'A problem document (RFC 9457); `code` is the stable part.',
  required: ['type', 'title', 'status', 'detail', 'code', 'retryable'],
  properties: {
    type: { type: 'string', description: 'Always `about:blank`.' },
    title: { type: 'string', description: "The status' own words." },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'For a person.' },
    code: { type: 'string', enum: Object.keys(errors) },
    retryable: { type: 'boolean', description: 'Whether the same request may succeed later.' },
    retryAfter: { type: 'integer', minimum: 1, description: 'How long to wait before that, ms.' },
  },
};

/** The error of an answer over MQTT, and of an `error` notice. */
export const errorBody: Json = {
  type: 'object',
  required: ['code', 'message', 'retryable'],
  properties: {
    code: { type: 'string', enum: Object.keys(errors) },
    message: { type: 'string', description: 'For a person.' },
    retryable: { type: 'boolean', description: 'Whether the same request may succeed later.' },
    retryAfter: { type: 'integer', minimum: 1, description: 'How long to wait before that, ms.' },
  },
};

/** The shapes that the documents know by a name. */
export const named: Readonly<Record<string, TSchema | Json>> = {
  Uid: shapes.uid,
  Gid: shapes.gid,
  ConversationId: shapes.conv,
  Session: shapes.session,
  Profile: shapes.profile,
  OwnProfile: shapes.ownProfile,
  UserProfile: shapes.userProfile,
  Presence: shapes.presence,
  Device: shapes.device,
  Friend: shapes.friend,
  FriendRequest: shapes.friendRequest,
  BlockedUser: shapes.blockedUser,
  Group: shapes.group,
  Member: shapes.member,
  Event: shapes.event,
  PinnedEvent: shapes.pinnedEvent,
  Head: shapes.head,
  Conversation: shapes.conversation,
  Problem: problem,
  Error: errorBody,
};
