import { Type } from 'typebox';
import { PetrelError } from '../../../schemas/errors.ts';
import { platforms } from '../../../schemas/identity.ts';
import { type AuditEntry, auditIdAt } from '../../../store/directory.ts';
import { adminOperation, type Operation } from '../../operation.ts';
import type { Services } from '../../services.ts';
import { input, oneOf, page, paging, readPaging, time, toPage, uid } from '../shapes.ts';

/** Behind every id. */
const newest = '~';

const name = Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,64}$' });
const entryId = /^[0-9a-f-]{1,64}$/;

const entry = Type.Object({
  id: Type.String(),
  at: time,
  actor: uid,
  action: Type.String({ description: 'The name of the operation.' }),
  target: Type.Optional(Type.String({ description: 'The user, group or broadcast it was about.' })),
  detail: Type.Object({}, { description: 'What was asked for, without secrets and bodies.' }),
  address: Type.String(),
  outcome: Type.String({
    description: '`ok`, an error code, or `pending` where the end is not known: still at work, or cut short.',
  }),
});

const connection = Type.Object({
  uid,
  clientId: Type.String(),
  did: Type.String(),
  platform: Type.Optional(oneOf(platforms)),
  address: Type.String(),
  protocol: Type.Integer({ description: '5 is MQTT 5, 4 is 3.1.1, 3 is 3.1.' }),
  transport: oneOf(['tcp', 'tls', 'ws'] as const),
  since: time,
  node: Type.Optional({
    ...Type.String(),
    description: 'The process that has it, where there may be several.',
  }),
});

const toShape = ({ detail, ...shown }: AuditEntry) => ({
  ...shown,
  detail: JSON.parse(detail) as Record<string, never>,
});

export function recordOperations({
  directory,
  connections,
}: Pick<Services, 'directory' | 'connections'>): Operation[] {
  return [
    adminOperation({
      name: 'admin.audit',
      method: 'GET',
      path: '/admin/audit',
      summary: 'What operators and backends did, the newest first',
      input: input({
        action: Type.Optional(name),
        target: Type.Optional(name),
        actor: Type.Optional(uid),
        before: Type.Optional({ ...Type.Integer({ minimum: 0 }), description: 'ms; only what is older.' }),
        ...paging,
      }),
      output: page(entry),
      status: 200,
      errors: [],
      async handle({ action, target, actor, before, ...given }) {
        const { limit, after } = readPaging(given);
        if (after !== '' && !entryId.test(after))
          throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
        const ends = [
          newest,
          ...(before === undefined ? [] : [auditIdAt(before)]),
          ...(after ? [after] : []),
        ];
        const found = await directory.listAudit({
          ...(action !== undefined && { action }),
          ...(target !== undefined && { target }),
          ...(actor !== undefined && { actor }),
          below: ends.sort()[0]!,
          limit: limit + 1,
        });
        return toPage(found, limit, (one) => one.id, toShape);
      },
    }),
    adminOperation({
      name: 'admin.connections',
      method: 'GET',
      path: '/admin/connections',
      summary: 'Who is connected over MQTT now, in the order of uid and client id',
      input: input({ uid: Type.Optional(uid), ...paging }),
      output: page(connection),
      status: 200,
      errors: [],
      async handle({ uid: one, ...given }) {
        const { limit, after } = readPaging(given);
        const wanted = { ...(one !== undefined && { uid: one }), after, limit: limit + 1 };
        const found = await connections.list(wanted);
        return toPage(
          found,
          limit,
          (shown) => `${shown.uid}/${shown.clientId}`,
          (shown) => ({ ...shown }),
        );
      },
    }),
  ];
}
