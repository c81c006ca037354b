import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { MongoNetworkError } from 'mongodb';
import { repairDriver } from '../../../../store/timeline/mongodb/driver.ts';
import { within } from '../../../support/until.ts';

const require = createRequire(import.meta.url);

interface Made {
  command(ns: object, command: object, options: object): Promise<unknown>;
}

describe('the driver’s connections', () => {
  it('refuse a command where the socket is destroyed and has not said so yet', async () => {
    repairDriver();
    repairDriver();
    const { Connection } = require('mongodb/lib/cmap/connection.js') as {
      Connection: new (socket: object, options: object) => Made;
    };
    const { ns } = require('mongodb/lib/utils.js') as { ns: (name: string) => object };
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const connection = new Connection(socket, {
      id: 1,
      generation: 0,
      monitorCommands: false,
      hostAddress: { toString: () => `127.0.0.1:${port}` },
    });
    socket.destroy();
    const asked = connection.command(ns('admin.$cmd'), { hello: 1 }, {});
    await assert.rejects(within('an answer', asked, 2000), MongoNetworkError);
    server.close();
  });
});
