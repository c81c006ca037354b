import { Type } from 'typebox';
import { changeBodies, messageBodies, sendSchema } from '../../schemas/messages.ts';

const { replyTo, mentions } = sendSchema('text', messageBodies.text).properties;
const { text, image, location, custom } = messageBodies;
const { edit, recall, react, pin } = changeBodies;

/** The members of a payload of `send/…`, as the documents show them where a handler checks the payload by itself. */
export const payloadMembers = {
  id: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_.:-]{1,64}$',
      description:
        'Your own id of the message: sent again it is stored once. The server makes one where absent.',
    }),
  ),
  type: Type.Enum([...Object.keys(messageBodies), ...Object.keys(changeBodies)]),
  body: Type.Union([text, image, location, custom, edit, recall, react, pin], {
    description: 'As the type wants it; image, file, audio and video alike.',
  }),
  replyTo: Type.Optional({ ...replyTo, description: 'seq of the event it answers.' }),
  mentions: Type.Optional({ ...mentions, description: 'uids; `@all` is for owner and admins.' }),
};
