import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openMongoTimeline } from '../../../../store/timeline/mongodb/timeline.ts';
import { findMongo, startMongo } from '../../../servers/mongodb.ts';
import { withReal } from '../../../servers/not-available.ts';
import { startProxy } from '../../../servers/proxy.ts';
import { within } from '../../../support/until.ts';

await withReal('mongodb', findMongo, () =>
  it('nobody who reads waits for a server that is silent longer than for one answer', async () => {
    const server = await startMongo();
    const url = new URL(server.newDatabase());
    const way = await startProxy(Number(url.port));
    url.port = String(way.port);
    const timeline = await openMongoTimeline({ url: url.toString(), socketTimeoutMs: 300 });
    try {
      assert.deepEqual(await timeline.heads(['g:a']), [undefined]);
      way.swallow();
      const failed = (read: Promise<unknown>) => assert.rejects(read, { code: 'store.unavailable' });
      // The driver would look for another server for longer than that, and then ask a second time.
      await within(
        'reads that fail',
        Promise.all([
          failed(timeline.range({ conv: 'g:a', after: 0, limit: 1 })),
          failed(timeline.heads(['g:a'])),
          failed(timeline.directs('alice')),
          failed(timeline.cursors([{ conv: 'g:a', uid: 'alice' }])),
        ]),
        4000,
      );
    } finally {
      way.heal();
      way.cut();
      await timeline.close();
      await way.close();
      await server.stop();
    }
  }),
);
