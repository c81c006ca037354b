import type { Compose } from './cli/surroundings.ts';

/** The one place that chooses implementations and wires the roles. */
export const compose: Compose = () => Promise.reject(new Error('the server is not wired yet'));
