import { does } from '../schemas/config.ts';
import type { Nodes } from '../store/nodes.ts';
import type { Closing } from './closing.ts';

/** A worker that is gone may have stored what it told nobody of: whoever keeps up by being told looks anew. */
export const onWorkerGone = (nodes: Pick<Nodes, 'onChange'>, look: () => void, closing: Closing): void =>
  closing.add(
    nodes.onChange(({ left }) => {
      if (left.some(({ role }) => does(role, 'worker'))) look();
    }),
  );
