import { Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { device, input, none, page, paging, readPaging, toPage } from './shapes.ts';

/** DISCONNECT reason of connections that a remote sign-out ends: administrative action. */
const signedOut = 0x98;

const did = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'A device: the `did` of its tokens, or else its MQTT client id.',
});

export function deviceOperations({
  directory,
  bus,
  connections,
  clock,
}: Pick<Services, 'directory' | 'bus' | 'connections' | 'clock'>): Operation[] {
  return [
    userOperation({
      name: 'devices.list',
      method: 'GET',
      path: '/devices',
      summary: "The asker's devices, in the order of their ids",
      input: input(paging),
      output: page(device),
      status: 200,
      errors: [],
      async handle(given, { identity: { uid, did: ownDid }, did: askerDid = ownDid }) {
        const { limit, after } = readPaging(given);
        const online = new Set((await connections.devicesOf(uid)).map((one) => one.did));
        const known = await directory.devicesOf(uid);
        const now = clock();
        const found = known.filter((one) => one.did > after).sort((x, y) => (x.did < y.did ? -1 : 1));
        return toPage(
          found,
          limit,
          (one) => one.did,
          ({ did, platform, name, lastSeen }) => ({
            did,
            ...(platform !== undefined && { platform }),
            ...(name !== undefined && { name }),
            lastSeen: online.has(did) ? now : lastSeen,
            online: online.has(did),
            current: did === askerDid,
          }),
        );
      },
    }),
    userOperation({
      name: 'devices.remove',
      method: 'DELETE',
      path: '/devices/{did}',
      summary: 'Sign a device out: its sign-ins are revoked, its connections and sessions end',
      input: input({ did }),
      output: none,
      status: 204,
      errors: ['device.not-found'],
      async handle(given, { identity: { uid, did: ownDid }, did: askerDid = ownDid }) {
        const connected = (await connections.devicesOf(uid)).some((one) => one.did === given.did);
        const known = (await directory.devicesOf(uid)).find((one) => one.did === given.did);
        if (known === undefined && !connected) throw new PetrelError('device.not-found');
        await directory.revokeDevice(uid, given.did, clock());
        // The row goes last: until then a repeat finds what is left to do.
        await connections.forget(uid, given.did);
        await directory.removeDevice(uid, given.did);
        const end = () => {
          bus.publish({ type: 'end', uid, did: given.did, forget: true, reason: signedOut });
          bus.publish({
            type: 'notice',
            uid,
            notice: {
              type: 'device',
              action: 'removed',
              did: given.did,
              ...(known?.platform !== undefined && { platform: known.platform }),
              ...(known?.name !== undefined && { name: known.name }),
            },
            except: given.did,
          });
        };
        // After the answer, where the connection that asked is one of those that end.
        if (given.did === askerDid) setImmediate(end);
        else end();
        return null;
      },
    }),
  ];
}
