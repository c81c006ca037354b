import type { BrokerContext } from '../broker/context.ts';
import type { CustomTopics } from '../broker/custom/custom.ts';
import { createCustomTopics } from '../broker/custom/topics.ts';
import { sendWillsLeft } from '../broker/inbound/will.ts';
import { restoreCustom } from '../broker/stored.ts';
import type { SessionStore } from '../store/sessions.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import type { State } from './state.ts';
import { openKept } from './stores.ts';

export interface KeepingOptions extends Base {
  readonly state: State;
  /** How many clients are connected here. */
  readonly connected: () => number;
}

/** What a broker keeps for sessions that are not connected. */
export interface Keeping {
  readonly sessions: SessionStore;
  readonly custom: CustomTopics;
  /** Sends the wills that nodes left which died: now, and as long as the broker runs. */
  adopt(context: BrokerContext, closing: Closing): Promise<void>;
}

export async function openKeeping(options: KeepingOptions, closing: Closing): Promise<Keeping> {
  const { state } = options;
  if (state.kind === 'memory') return keepInFolder(options, closing);
  const { keepInRedis } = await import('./redis-keeping.ts');
  return keepInRedis(options, state, closing);
}

async function keepInFolder(options: KeepingOptions, closing: Closing): Promise<Keeping> {
  const { config, version, now, onError, connected } = options;
  const { sessions, custom: store } = await openKept(options, closing);
  const { custom: rules } = config.topics;
  const custom = await createCustomTopics({ rules, store, version, connected, now, onError });
  closing.add(() => custom.close());
  await restoreCustom(custom, sessions);
  return { sessions, custom, adopt: sendWillsLeft };
}
