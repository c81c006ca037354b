import { busConformance } from '../store/bus.conformance.ts';
import { BusNetwork } from './bus-network.ts';

busConformance('the network of the tests', async (onError) => {
  const network = new BusNetwork(onError);
  return { buses: [network.node(), network.node()], remove: async () => {} };
});
