import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startLoader } from './load.ts';

const { load, close } = await startLoader();

interface Texts {
  readonly shell: { readonly start: Readonly<Record<string, string>> };
}
interface Entry {
  readonly conv: string;
  readonly name?: string;
  readonly uid?: string;
}

const { languageOf, languages, errorText } = await load<{
  readonly languageOf: (wanted: readonly string[]) => string;
  readonly languages: Readonly<Record<string, { readonly texts: Texts }>>;
  readonly errorText: (error: unknown, texts: Texts) => string;
}>('i18n/index.ts');
const { checkCredentials, normalizeUid } = await load<{
  readonly checkCredentials: (
    mode: 'create' | 'signIn',
    credentials: { readonly uid: string; readonly password: string },
    texts: Texts,
  ) => Readonly<Record<string, string>>;
  readonly normalizeUid: (typed: string) => string;
}>('shell/credentials.ts');
const { findConversations } = await load<{
  readonly findConversations: (
    entries: readonly Entry[],
    query: string,
    ownName: (entry: Entry) => string,
  ) => readonly Entry[];
}>('shell/find.ts');
const { whenOf } = await load<{
  readonly whenOf: (ts: number, now: number, language: string, yesterday: string) => string;
}>('shell/when.ts');
const { initialsOf, avatarTone } = await load<{
  readonly initialsOf: (name: string) => string;
  readonly avatarTone: (id: string) => number;
}>('ui/initials.ts');
const { deviceName } = await load<{ readonly deviceName: (userAgent: string) => string }>('device-name.ts');

const { texts } = languages.en!;

describe('the frame of the page', () => {
  after(close);

  it('speaks the first language of the browser that it knows, else English', () => {
    assert.equal(languageOf(['fr-FR', 'zh-TW', 'en']), 'zh');
    assert.equal(languageOf(['en-GB', 'zh']), 'en');
    assert.equal(languageOf(['fr']), 'en');
    assert.equal(languageOf([]), 'en');
  });

  it('has words for an error by its code, and some for one that it does not know', () => {
    assert.match(errorText({ code: 'user.exists' }, texts), /taken/);
    assert.equal(errorText(new Error('x'), texts), errorText({ code: 'no.such' }, texts));
    const unknown = { code: 'no.such', message: 'What the server says.' };
    assert.equal(errorText(unknown, texts), 'What the server says.');
  });

  it('tells what is wrong with a new account at its field, and lets the server judge an old one', () => {
    const check = (uid: string, password: string) =>
      Object.keys(checkCredentials('create', { uid, password }, texts)).join();
    assert.equal(check('', 'long enough'), 'uid');
    assert.equal(check('-a', 'long enough'), 'uid');
    assert.equal(check('a b', 'long enough'), 'uid');
    assert.equal(check('alice', ''), 'password');
    assert.equal(check('alice', '1234567'), 'password');
    assert.equal(check('alice', '😀😀😀😀'), 'password');
    assert.equal(check('alice', 'x'.repeat(129)), 'password');
    assert.equal(check('alice', '😀'.repeat(128)), '');
    assert.deepEqual(checkCredentials('signIn', { uid: 'alice', password: 'x' }, texts), {});
    assert.equal(normalizeUid(' Alice '), 'alice');
  });

  it('finds conversations by all words of a name, those that begin so first, without case, width and marks', () => {
    const entries: readonly Entry[] = [
      { conv: '1', name: 'Sailing with Adèle' },
      { conv: '2', name: 'Ａdele', uid: 'ad' },
      { conv: '3', uid: 'bob' },
    ];
    const find = (query: string) =>
      findConversations(entries, query, ({ uid }) => (uid === 'bob' ? '小明' : '')).map(({ conv }) => conv);
    assert.deepEqual(find('adele'), ['2', '1']);
    assert.deepEqual(find('ADÈLE sail'), ['1']);
    assert.deepEqual(find('明'), ['3']);
    assert.deepEqual(find('bo'), ['3']);
    assert.deepEqual(find('  '), ['1', '2', '3']);
    assert.deepEqual(find('nobody'), []);
  });

  it('says when something was: the clock today, then the day, then the date', () => {
    const now = new Date(2026, 2, 10, 9, 5).getTime();
    const when = (...date: [number, number, number, number?]) =>
      whenOf(new Date(...date).getTime(), now, 'en', 'Yesterday');
    assert.equal(when(2026, 2, 10, 0), '00:00');
    assert.equal(when(2026, 2, 11, 1), '01:00');
    assert.equal(when(2026, 2, 9, 23), 'Yesterday');
    assert.equal(when(2026, 2, 8, 23), 'Sun');
    assert.equal(when(2026, 2, 3), 'Mar 3');
    assert.equal(when(2025, 11, 31), '12/31/2025');
  });

  it('stands for a name with one or two characters, in one of eight colours', () => {
    assert.equal(initialsOf('Ada Lovelace King'), 'AK');
    assert.equal(initialsOf('bob'), 'B');
    assert.equal(initialsOf('jenny.wren'), 'JW');
    assert.equal(initialsOf('陈宝'), '陈');
    assert.equal(initialsOf('😀 smile'), '😀S');
    assert.equal(initialsOf(' '), '?');
    const tones = new Set(Array.from({ length: 64 }, (_, n) => avatarTone(`user${n}`)));
    assert.deepEqual([...tones].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('names the device after its browser and system', () => {
    const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
    assert.equal(deviceName(`Mozilla/5.0 (X11; Linux x86_64) ${chrome}`), 'Chrome on Linux');
    assert.equal(deviceName(`Mozilla/5.0 (Windows NT 10.0) ${chrome} Edg/130.0.0.0`), 'Edge on Windows');
    assert.equal(
      deviceName(
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1',
      ),
      'Safari on iPhone',
    );
    assert.equal(
      deviceName('Mozilla/5.0 (X11; Linux; rv:130.0) Gecko/20100101 Firefox/130.0'),
      'Firefox on Linux',
    );
    assert.equal(deviceName('curl'), 'Web');
  });
});
