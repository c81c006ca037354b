import { type DestinationStream, type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Config } from '../schemas/config.ts';
import { hidden, hiddenNames, hide, withoutTokens } from './redact.ts';

/** The log as every part of the server gets it; a connection's has `conn`, its id, in each line. */
export type Log = Logger;

export interface LogOptions {
  readonly level: Config['log']['level'];
  /** For people instead of programs. */
  readonly pretty?: boolean;
  /** Where lines go; stdout where absent. */
  readonly destination?: DestinationStream;
}

/**
 * One JSON object a line: `level` as a word, `time` in ISO 8601, `msg`, and what the caller gives. Members that hold
 * secrets or what people say to each other are hidden by name at any depth, bytes become their length, tokens are taken
 * out of texts, and of a request only method and path are kept.
 */
export function createLog({ level, pretty: isPretty = false, destination }: LogOptions): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: hide },
      // What a child logger is made with does not pass the formatter.
      redact: { paths: [...hiddenNames].map((name) => `["${name}"]`), censor: hidden },
      serializers: { err: serializeError, req: serializeRequest, res: serializeReply },
      hooks: { streamWrite: withoutTokens },
    },
    isPretty ? prettyStream(destination ?? stdout(true)) : (destination ?? stdout(false)),
  );
}

// A slow reader of the log must not hold up the sockets; what is buffered is written at exit. A terminal keeps its order.
const stdout = (sync: boolean): DestinationStream => pino.destination({ fd: 1, sync });

function prettyStream(destination: DestinationStream): DestinationStream {
  const print = prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l' });
  return { write: (line) => destination.write(print(line)) };
}

const maxCauses = 4;

function serializeError(thrown: unknown, depth = 0): unknown {
  if (!(thrown instanceof Error)) return hide({ thrown });
  const { name, message, stack, cause } = thrown;
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  return {
    type: name,
    message,
    ...(typeof code === 'string' ? { code } : {}),
    stack,
    ...(cause !== undefined && depth < maxCauses ? { cause: serializeError(cause, depth + 1) } : {}),
  };
}

// Fastify logs its request and reply objects whole; queries and headers may hold tokens.
function serializeRequest(request: { method?: string; url?: string; ip?: string }) {
  return { method: request.method, path: request.url?.split('?', 1)[0], address: request.ip };
}

const serializeReply = (reply: { statusCode?: number }) => ({ status: reply.statusCode });
