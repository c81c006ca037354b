import { type TProperties, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { errorsOf } from '../../api/documents/requests.ts';
import { type Operation, WithStatus } from '../../api/operation.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { noticeSchemas } from '../../schemas/notices.ts';
import type { BusMessage } from '../../store/bus.ts';

/**
 * The operation, held to what it declares wherever a test asks for it: an error that is not in its list, an answer that
 * does not fit its schema or an undeclared status fails the request with `server.error`, and the test with it.
 */
export function watched(operation: Operation): Operation {
  const declared = new Set(errorsOf(operation));
  const check = Compile(operation.output as TSchema);
  return {
    ...operation,
    async handle(input, caller) {
      let answer: unknown;
      try {
        answer = await operation.handle(input, caller);
      } catch (error) {
        if (error instanceof PetrelError && !declared.has(error.code))
          fail(operation, `does not declare ${error.code}`, error);
        throw error;
      }
      if (answer instanceof WithStatus && answer.status !== operation.repeatStatus)
        fail(operation, `does not declare status ${answer.status}`);
      // As it goes out: what is undefined is not there.
      const data: unknown = answer instanceof WithStatus ? answer.data : answer;
      const sent: unknown = JSON.parse(JSON.stringify(data ?? null));
      if (!check.Check(sent)) fail(operation, `answers ${JSON.stringify(check.Errors(sent))}`);
      return answer;
    },
  };
}

const noticeChecks = new Map(
  Object.entries(noticeSchemas).map(([type, forms]) => [
    type,
    forms.map((form: { properties: TProperties }) =>
      Compile(Type.Object(form.properties, { additionalProperties: false })),
    ),
  ]),
);

/** Fails whoever publishes a notice that is not as the documents say. */
export function checkNotice(message: BusMessage): void {
  if (message.type !== 'notice') return;
  const sent: unknown = JSON.parse(JSON.stringify(message.notice));
  const fits = noticeChecks.get(message.notice.type)?.some((check) => check.Check(sent)) ?? false;
  if (!fits) fail({ name: 'The notice' }, JSON.stringify(sent));
}

function fail({ name }: Pick<Operation, 'name'>, what: string, cause?: unknown): never {
  const error = new Error(`${name} ${what}`, { cause });
  console.error(error);
  throw error;
}
