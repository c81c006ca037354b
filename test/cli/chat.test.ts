import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Command } from '../support/command.ts';
import { Petrel } from '../support/petrel.ts';
import { secret } from '../support/token.ts';
import { until } from '../support/until.ts';

const server = new Petrel();
before(() => server.start());
after(() => server.remove());

const running = new Set<Command>();
afterEach(async () => {
  for (const command of running) {
    command.child.kill('SIGKILL');
    await command.ended;
  }
  running.clear();
});

/** A command on the server's machine, with its configuration. */
function petrel(...args: readonly string[]): Command {
  const command = new Command(args, {
    PETREL_DATA_DIR: server.dataDir,
    PETREL_HTTP_PORT: String(server.port('http')),
    PETREL_AUTH_SECRET: secret,
  });
  running.add(command);
  return command;
}

/** The same at an address, as from another machine. */
const remote = (...args: readonly string[]): Command => petrel(...args, '--url', server.url('http'));

/** Each command is a process of its own, which takes its time to start. */
const waitMs = 60_000;
const prints = (command: Command, text: RegExp) =>
  until(`${text} of a command`, () => text.exec(command.output) ?? false, waitMs);

describe('petrel send', () => {
  it('prints the number of what is stored, once for each id', async () => {
    const [alice, bob] = await server.users('alice', 'bob');
    for (const id of ['c-1', 'c-1', 'c-2']) {
      const command = petrel('send', alice.uid, bob.uid, 'hello', 'there', '--id', id);
      assert.equal(await command.ended, 0, command.errors);
      assert.equal(command.output, id === 'c-1' ? '1\n' : '2\n');
    }
    const { body } = await bob.api.get(`/conversations/u:${alice.uid}:${bob.uid}/messages`);
    const { events } = body as { events: { body: { text: string } }[] };
    assert.deepEqual(
      events.map(({ body }) => body.text),
      ['hello there', 'hello there'],
    );
  });

  it('says what it reads where it is asked to', async () => {
    const [alice, bob] = await server.users('alice', 'bob');
    const command = petrel('send', alice.uid, bob.uid, '-');
    command.child.stdin!.end('two\nlines');
    assert.equal(await command.ended, 0, command.errors);
  });

  it('fails with the reason where it is refused', async () => {
    const alice = await server.user('alice');
    const command = petrel('send', alice.uid, 'nobody-there', 'hello');
    assert.equal(await command.ended, 1);
    assert.match(command.errors, /^petrel: .+\n$/);
    assert.equal(command.output, '');
  });

  it('tells what is missing', async () => {
    for (const args of [
      [],
      ['alice'],
      ['alice', 'bob'],
      ['alice', 'no uid', 'hi'],
      ['system', 'bob', 'hi'],
    ]) {
      const command = petrel('send', ...args);
      assert.equal(await command.ended, 64, args.join(' '));
    }
  });
});

describe('petrel tail', () => {
  it('prints messages as they come, for people and for programs', async () => {
    const [alice, bob] = await server.users('alice', 'bob');
    const shown = petrel('tail', bob.uid);
    const told = petrel('tail', bob.uid, alice.uid, '--json');
    let sent = 0;
    // They are connected when the first of these comes.
    await until(
      'both',
      async () => {
        sent++;
        await petrel('send', alice.uid, bob.uid, `message ${sent}`).ended;
        return shown.output.includes('message') && told.output.includes('message');
      },
      waitMs,
    );
    assert.match(
      shown.output,
      new RegExp(`^\\d\\d:\\d\\d u:${alice.uid}:${bob.uid} #\\d+ ${alice.uid}: message \\d+$`, 'm'),
    );
    const message = JSON.parse(told.output.split('\n')[0]!) as { from: string; conv: string };
    assert.equal(message.from, alice.uid);
    for (const command of [shown, told]) {
      command.child.kill('SIGTERM');
      assert.equal(await command.ended, 0, command.errors);
    }
  });
});

describe('petrel chat', () => {
  it('talks, both ways, and does what lines with / say', async () => {
    const [alice, bob] = await server.users('alice', 'bob');
    const [here, there] = [petrel('chat', alice.uid, bob.uid), petrel('chat', bob.uid, alice.uid)];
    const type = (command: Command, line: string): void => void command.child.stdin!.write(`${line}\n`);
    await Promise.all([here, there].map((command) => prints(command, /\(online\)/)));
    type(here, 'hello, Bob');
    await prints(here, /✓ #1/);
    await prints(there, /#1 alice-\d+: hello, Bob/);
    type(there, '/reply 1 hello, Alice');
    await prints(here, /#2 bob-\d+: \(to #1\) hello, Alice/);
    type(here, '/edit 1 hi, Bob');
    await prints(here, /✓ #3/);
    type(there, '/react 1 👍');
    await prints(there, /✓ #4/);
    type(here, '/recall 1');
    await prints(here, /✓ #5/);
    type(here, '/recall 2');
    await prints(here, /! not sent/);
    type(here, '/list');
    await prints(here, new RegExp(`${bob.uid} `));
    type(here, '/nonsense');
    await prints(here, /! There is no \/nonsense/);
    type(here, '/quit');
    assert.equal(await here.ended, 0, here.errors);
    type(there, 'and the last word');
    there.child.stdin!.end();
    assert.equal(await there.ended, 0, there.errors);
    assert.match(there.output, /✓ #6/);
  });

  it('registers and signs in at an address with a password', async () => {
    const newcomer = remote('chat', 'newcomer', '--register');
    newcomer.child.stdin!.end('correct horse\n/list\n');
    assert.equal(await newcomer.ended, 0, newcomer.errors);
    const sent = remote('send', 'newcomer', 'newcomer', 'a note');
    sent.child.stdin!.end('correct horse\n');
    assert.equal(await sent.ended, 0, sent.errors);
    const wrong = remote('send', 'newcomer', 'newcomer', 'a note');
    wrong.child.stdin!.end('another horse\n');
    assert.equal(await wrong.ended, 1);
    assert.match(wrong.errors, /^petrel: .+\n$/);
  });
});
