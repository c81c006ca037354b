import type { Compose, Server } from './cli/surroundings.ts';
import { createAccess } from './compose/access.ts';
import { openApi } from './compose/api.ts';
import { createBase } from './compose/base.ts';
import { openBroker } from './compose/broker.ts';
import { Closing } from './compose/closing.ts';
import { addressOf, openHttp } from './compose/http.ts';
import { createIdentity } from './compose/identity.ts';
import { reachedAt } from './compose/reached.ts';
import { openState } from './compose/state.ts';
import { openStores } from './compose/stores.ts';
import { openWorker } from './compose/worker.ts';
import type { Log } from './ops/log.ts';
import { Limits } from './policy/limits.ts';
import { areShared, type Config, does, type Role } from './schemas/config.ts';
import { PetrelError } from './schemas/errors.ts';

// Frames are small and live for a moment: larger slabs mean fewer of them to make and to collect (Node's own are 8 KiB).
Buffer.poolSize = 64 * 1024;

/** The one place that chooses implementations and wires the roles. */
export const compose: Compose = async (config, { role, log }) => {
  const closing = new Closing();
  try {
    return await start(config, role, log, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
};

async function start(config: Config, role: Role, log: Log, closing: Closing): Promise<Server> {
  const base = createBase(config, role, log);
  const stores = await openStores(base, closing);
  const state = await openState(base, closing);
  if (state.kind === 'redis' && !areShared(config.store))
    log.warn(
      'The timeline or the directory is this process’s own: other nodes on this Redis have other users and conversations.',
    );
  const shared = { ...base, ...stores, ...state, state };
  const access = createAccess(shared, closing);
  const identity = await createIdentity(shared, closing);
  const parts = { ...shared, access, identity };
  const worker = does(role, 'worker') ? openWorker(parts, closing) : undefined;
  // What is stored in this process's folder no other one can store: its worker works for nobody else.
  const work =
    state.kind === 'redis' && areShared(config.store)
      ? (await import('./compose/work.ts')).openWork({ ...parts, state }, worker, closing)
      : undefined;
  // One process has its worker in itself; where there are more the worker's role has no sends of its own.
  const sends = work?.sends ?? worker?.sender;
  let open = false;
  const door = {
    isReady: () => open,
    requestLimits: new Limits(config.limits, base.now, state.buckets),
  };
  const broker =
    sends !== undefined && does(role, 'broker')
      ? await openBroker({ ...parts, ...door, sends, router: work?.router }, closing)
      : undefined;
  const api =
    sends !== undefined && does(role, 'api')
      ? (broker?.api ?? (await openApi({ ...parts, sends }, closing)))
      : undefined;

  const checked = [stores.timeline, stores.directory, state.bus, ...(broker?.checked ?? [])];
  const ready = async (): Promise<void> => {
    if (!open) throw new PetrelError('connect.not-ready');
    await Promise.all(checked.map((store) => store.check()));
  };
  const operations = api?.operations ?? [];
  const http = await openHttp(base, { ...door, identity, operations, ready }, closing);
  const addresses = (await broker?.listen(http.server)) ?? [];
  await http.listen({ host: config.http.host, port: config.http.port });
  const address = addressOf(http, config.http.host);

  if (state.kind === 'redis') {
    if (broker !== undefined) await state.nodes.announce({ mqtt: reachedAt(config, state, addresses) });
    work?.node?.start();
  }
  // Orphans are a broker's to finish.
  if (broker !== undefined) state.owners.start();
  broker?.start();
  api?.start();
  open = true;
  return {
    addresses: [...addresses, ...(broker ? [`ws://${address}/mqtt`] : []), `http://${address}`],
    page: config.http.web && operations.length > 0,
    close: () => {
      open = false;
      return closing.run();
    },
  };
}
