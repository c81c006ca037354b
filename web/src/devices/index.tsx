import { later } from '../later.tsx';

/** The user's devices, each with a way to sign it out. */
export const DevicesScreen = later(({ DevicesScreen }) => DevicesScreen);
