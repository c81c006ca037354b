import type { Config } from '../schemas/config.ts';
import { PetrelError } from '../schemas/errors.ts';
import { StoreAway } from '../store/away.ts';

/** Why a server did not start, in one line that says what to do. */
export function startFailure(error: unknown, config: Config): string {
  if (!(error instanceof Error)) return `could not start: ${String(error)}`;
  if (error instanceof StoreAway) return `cannot open ${error.key}: ${firstLine(rootOf(error).message)}`;
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  const place = `${address ?? ''}:${port ?? ''}`;
  if (error.name === 'StoreLocked' || code === 'StoreLocked')
    return `another process uses the data folder ${config.dataDir} (dataDir). Stop it, or give this one a folder of its own.`;
  if (code === 'EADDRINUSE')
    return `${place} is in use${keyOf(port, config)}. Stop the other program or choose another port.`;
  if (code === 'EADDRNOTAVAIL') return `${place} is not an address of this machine${keyOf(port, config)}.`;
  if (code === 'EACCES' && syscall === 'listen')
    return `may not listen on ${place}${keyOf(port, config)}. Ports below 1024 need a privilege.`;
  if (code === 'ENOENT') return `cannot make the folder ${config.dataDir} (dataDir).`;
  if (code === 'EEXIST' || code === 'ENOTDIR') return `${config.dataDir} (dataDir) is not a folder.`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `may not write to ${config.dataDir} (dataDir): ${firstLine(error.message)}`;
  if (code === 'ENOSPC') return `the disk of ${config.dataDir} (dataDir) is full.`;
  if (code?.startsWith('ERR_OSSL'))
    return `cannot use the certificate or key of mqtt.tls: ${firstLine(error.message)}`;
  if (error instanceof PetrelError)
    return `cannot open the data in ${config.dataDir} (dataDir): ${firstLine(rootOf(error).message)}`;
  return `could not start: ${firstLine(error.message)}`;
}

const rootOf = (error: Error): Error => (error.cause instanceof Error ? rootOf(error.cause) : error);

const firstLine = (text: string): string => text.split('\n', 1)[0]!;

function keyOf(port: number | undefined, { mqtt, http }: Config): string {
  const keys: [string, number | undefined][] = [
    ['mqtt.port', mqtt.port],
    ['mqtt.tls.port', mqtt.tls?.port],
    ['http.port', http.port],
  ];
  const key = keys.find(([, value]) => value === port)?.[0];
  return key === undefined ? '' : ` (${key})`;
}
