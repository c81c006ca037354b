import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog, type Log } from '../../ops/log.ts';

const token = `eyJhbGciOiJFUzI1NiJ9.${'eyJzdWIiOiJhbGljZSJ9'}.c2lnbmF0dXJl`;

/** What the log wrote: the text, and each line as an object. */
function logged(
  write: (log: Log) => void,
  pretty = false,
): { text: string; lines: Record<string, unknown>[] } {
  let text = '';
  const destination = {
    write(line: string) {
      text += line;
    },
  };
  write(createLog({ level: 'info', pretty, destination }));
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return { text, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the log', () => {
  it('writes one JSON object a line, with level, time and what it is given', () => {
    const { lines } = logged((log) => log.child({ conn: 'c1' }).warn({ code: 'send.rate' }, 'refused'));
    const { time, ...rest } = lines[0]!;
    assert.deepEqual(rest, { level: 'warn', conn: 'c1', code: 'send.rate', msg: 'refused' });
    assert.ok(!Number.isNaN(Date.parse(time as string)));
  });

  it('passes over what is below its level', () => {
    assert.equal(logged((log) => log.debug('x')).text, '');
  });

  it('hides secrets and message bodies at any depth', () => {
    const { text } = logged((log) => {
      log.info({ password: 'hunter2', input: { password: 'hunter2', uid: 'alice' } });
      log.info({ a: [{ b: { body: { text: 'hunter2' } } }], payload: 'hunter2', raw: 'hunter2' });
      log.info({ packet: { properties: { authenticationData: 'hunter2' } }, accessToken: 'hunter2' });
      log.child({ token: 'hunter2' }).info('signed in');
    });
    assert.ok(!text.includes('hunter2'), text);
    assert.ok(text.includes('alice'));
  });

  it('writes bytes as their number', () => {
    const { lines } = logged((log) => log.info({ data: Buffer.from('hunter2') }));
    assert.equal(lines[0]!.data, '[7 bytes]');
  });

  it('takes tokens out of texts, messages and errors', () => {
    const { text, lines } = logged((log) => {
      log.info(`bad token ${token}`);
      log.info({ header: `Bearer ${token}` }, 'x');
      log.error({ err: new Error(`no ${token}`, { cause: new Error(token) }) });
    });
    assert.equal(lines.length, 3);
    assert.ok(!text.includes('eyJ'), text);
  });

  it('keeps method and path of a request, not its query and headers', () => {
    const req = {
      method: 'GET',
      url: '/v1/users?q=hunter2',
      ip: '::1',
      headers: { authorization: 'hunter2' },
    };
    const { lines } = logged((log) => log.info({ req, res: { statusCode: 200, body: 'x' } }));
    assert.deepEqual(lines[0]!.req, { method: 'GET', path: '/v1/users', address: '::1' });
    assert.deepEqual(lines[0]!.res, { status: 200 });
  });

  it('shows an error with its causes, however they are thrown', () => {
    const cause = Object.assign(new Error('disk'), { code: 'ENOSPC' });
    const { lines } = logged((log) => log.error(new Error('outer', { cause })));
    const err = lines[0]!.err as { message: string; cause: { code: string } };
    assert.deepEqual([err.message, err.cause.code], ['outer', 'ENOSPC']);
    assert.doesNotThrow(() => logged((log) => log.error({ err: 'a string' }, 'x')));
  });

  it('survives objects that hold themselves', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    assert.equal(logged((log) => log.info({ loop })).lines.length, 1);
  });

  it('is readable for people where it is asked to be', () => {
    const { text } = logged((log) => log.info({ password: 'hunter2' }, 'hello'), true);
    assert.match(text, /INFO.*hello/);
    assert.ok(!text.includes('hunter2'));
  });
});
