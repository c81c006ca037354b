import { parentPort, workerData } from 'node:worker_threads';
import { Indexer } from './indexer.ts';
import type { IndexAnswer, IndexRequest, ThreadOptions } from './messages.ts';

// One job: journal files in, tables out. Answers the generation that is indexed, then generation by generation.
const { dir } = workerData as ThreadOptions;
const port = parentPort!;
const indexer = new Indexer(dir);

const answer = (message: IndexAnswer): void => port.postMessage(message);

port.on('message', (request: IndexRequest | 'close') => {
  if (request === 'close') {
    indexer.close();
    port.close();
    return;
  }
  const { path, generation, length } = request;
  try {
    indexer.index(path, generation, length);
    answer({ generation });
  } catch (error) {
    answer({ generation, error: String(error) });
    return;
  }
  try {
    indexer.checkpoint();
  } catch {
    // A full disk; the next one tries again, and the write-ahead file is as durable.
  }
});

answer({ indexed: indexer.generation });
