import { AedesCore } from '../aedes.ts';
import type { ClusterTopicsOptions } from './options.ts';
import { ClusterTopics } from './topics.ts';
import { Transport } from './transport.ts';

/** Makes the custom topics of a node that is one of several. Rejects with `store.unavailable`. */
export async function createClusterTopics(options: ClusterTopicsOptions): Promise<ClusterTopics> {
  const core = await AedesCore.open({ id: options.node, onError: options.onError });
  const topics = new ClusterTopics(core, await Transport.open(), options);
  try {
    await topics.start();
    return topics;
  } catch (error) {
    await topics.close();
    throw error;
  }
}
