import { accountExamples } from './examples/accounts.ts';
import { conversationExamples } from './examples/conversations.ts';
import { groupExamples } from './examples/groups.ts';
import { operatorExamples } from './examples/operators.ts';
import { peopleExamples } from './examples/people.ts';

/** What one asks, with the members of the path, and what is answered; no `output` where there is none. */
export interface Example {
  readonly input?: Readonly<Record<string, unknown>>;
  readonly output?: unknown;
}

export type Examples = Readonly<Record<string, Example>>;

/** An example of every operation by its name, for the documents; a test holds each against its schemas. */
export const examples: Examples = {
  ...accountExamples,
  ...peopleExamples,
  ...groupExamples,
  ...conversationExamples,
  ...operatorExamples,
};
