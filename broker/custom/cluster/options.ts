import type { SharedCustom } from '../../../store/shared-custom.ts';
import type { CustomOptions } from '../options.ts';

/** A node of several. */
export interface ClusterOptions {
  readonly shared: SharedCustom;
  /** The node's id: without spaces, made anew by each start. */
  readonly node: string;
}

export type ClusterTopicsOptions = Omit<CustomOptions, 'store' | 'mq' | 'persistence'> & ClusterOptions;
