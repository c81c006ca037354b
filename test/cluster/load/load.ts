import { directConv } from '../../../schemas/event.ts';
import { textMessage } from '../../support/chat-client.ts';
import type { Seeded } from '../../support/seeded.ts';
import { until } from '../../support/until.ts';
import type { User } from '../../support/user.ts';
import type { Cluster } from '../cluster.ts';
import { Churn } from './churn.ts';
import { LiveReceiver } from './live.ts';
import { ClusterReceiver } from './receiver.ts';
import { ClusterSender, type NextMessage, type SentMessage } from './sender.ts';
import { CustomSubscriber } from './subscriber.ts';

/** A conversation of the load. */
export interface Talk {
  readonly conv: string;
  /** A member from its beginning to its end, who may read all of it. */
  readonly reader: User;
  /** Who is in it from its beginning to its end. */
  readonly members: readonly string[];
}

/** What the load is made of besides its sending. */
interface Receivers {
  /** Persistent sessions that are there all the time, as far as their brokers are. */
  readonly present: readonly ClusterReceiver[];
  /** A persistent session that is away during each fault. */
  readonly away: ClusterReceiver;
  /** Persistent sessions of those who come to a group and go. */
  readonly guests: readonly ClusterReceiver[];
  readonly live: readonly LiveReceiver[];
  readonly subscriber: CustomSubscriber;
}

const stable = ['ada', 'bob', 'cyd', 'dee'] as const;
const guestNames = ['guest-1', 'guest-2'] as const;

/** Six users who talk in pairs and groups on all brokers of a cluster, and keep book of what they are told. */
export class Load {
  /** The members of the talks, by uid. */
  readonly users: ReadonlyMap<string, User>;
  readonly talks: readonly Talk[];
  readonly receivers: Receivers;
  readonly guestGroup: string;
  /** Messages of people. */
  readonly senders: readonly ClusterSender[];
  /** Edits and recalls of one user's messages, from two brokers. */
  readonly changers: readonly ClusterSender[];
  readonly news: ClusterSender;
  readonly reads: ClusterSender;
  readonly churn: Churn;

  private constructor(parts: Pick<Load, (typeof loadParts)[number]>) {
    this.users = parts.users;
    this.talks = parts.talks;
    this.receivers = parts.receivers;
    this.guestGroup = parts.guestGroup;
    this.senders = parts.senders;
    this.changers = parts.changers;
    this.news = parts.news;
    this.reads = parts.reads;
    this.churn = parts.churn;
  }

  static async start(cluster: Cluster, random: Seeded, perSecond: number): Promise<Load> {
    const user = (uid: string) => cluster.user(uid, random.between(0, cluster.brokers.length - 1));
    const [ada, bob, cyd, dee] = stable.map(user) as [User, User, User, User];
    const guests = guestNames.map(user);
    // A user is made by its first token.
    for (const one of [ada, bob, cyd, dee, ...guests, user('newsman')]) await one.api.get('/me');

    const present = [ada, bob, cyd, dee].map(
      ({ uid }) =>
        new ClusterReceiver(user(uid), { clientId: 'kept', receiveMaximum: random.pick([5, 20, 200]) }),
    );
    const receivers: Receivers = {
      present,
      away: new ClusterReceiver(user('bob'), { clientId: 'away' }),
      guests: guests.map(({ uid }) => new ClusterReceiver(user(uid), { clientId: 'guest' })),
      live: ['cyd', 'dee'].map((uid) => new LiveReceiver(user(uid))),
      subscriber: new CustomSubscriber(user('bob'), 'news/#'),
    };
    const everyone = [...present, receivers.away, ...receivers.guests, receivers.subscriber];
    await Promise.all(everyone.map((one) => one.start()));
    for (const one of receivers.live) one.start();
    // Sessions first: what they are owed begins with the groups' first event.
    const gid = await ada.createGroup([bob, cyd, dee]);
    const guestGid = await ada.createGroup([bob]);

    const says = (from: User, topics: readonly string[]) =>
      new ClusterSender({
        user: user(from.uid),
        clientId: 'says',
        window: random.between(1, 8),
        perSecond,
        next: (number) => ({
          topic: topics[number % topics.length]!,
          payload: textMessage(`${from.uid}-${number}`, `message ${number}`),
        }),
      });
    const to = ({ uid }: User) => `send/u/${uid}`;
    const [all, some] = [`send/g/${gid}`, `send/g/${guestGid}`];
    const senders = [
      says(ada, [to(bob), all, some]),
      says(bob, [to(ada), some, to(dee)]),
      says(cyd, [all, to(ada)]),
      says(dee, [to(bob), all]),
    ];
    const load = new Load({
      users: new Map([ada, bob, cyd, dee].map((one) => [one.uid, one])),
      talks: [
        ...(
          [
            [ada, bob],
            [bob, dee],
            [ada, cyd],
          ] as const
        ).map(([a, b]) => ({ conv: directConv(a.uid, b.uid), reader: a, members: [a.uid, b.uid] })),
        { conv: `g:${gid}`, reader: ada, members: stable },
        { conv: `g:${guestGid}`, reader: ada, members: ['ada', 'bob'] },
      ],
      receivers,
      guestGroup: `g:${guestGid}`,
      senders,
      changers: [0, 1].map(
        (broker) =>
          new ClusterSender({
            user: cluster.user('ada', broker),
            clientId: `changes-${broker}`,
            window: 2,
            perSecond: Math.ceil(perSecond / 3),
            next: changesOf(senders[0]!, to(bob), broker, random),
            // What the other one has recalled is not there to be changed.
            accepts: ({ reasonString }) => reasonString?.startsWith('target.not-found') ?? false,
          }),
      ),
      news: new ClusterSender({
        user: user('newsman'),
        clientId: 'news',
        window: 3,
        perSecond: Math.ceil(perSecond / 2),
        next: (number) => ({ topic: `news/${number % 3}`, payload: String(number) }),
      }),
      reads: new ClusterSender({
        user: user('dee'),
        clientId: 'reads',
        window: 1,
        perSecond: 1,
        next: () => {
          const seq = Math.max(0, ...(present[3]!.kept.received.get(`g:${gid}`)?.keys() ?? []));
          return seq === 0 ? undefined : { topic: `read/g/${gid}`, payload: { seq } };
        },
      }),
      churn: new Churn(user('ada'), guestGid, guests, random),
    });
    for (const sender of load.#sending) sender.start();
    return load;
  }

  /** Messages and changes that were acknowledged as stored, by the conversation they are in. */
  acknowledged(): Map<string, SentMessage[]> {
    const byConv = new Map<string, SentMessage[]>();
    for (const { acknowledged } of [...this.senders, ...this.changers])
      for (const message of acknowledged) {
        const { conv } = message.ack!.properties;
        if (message.ack!.reason >= 0x80) continue;
        const known = byConv.get(conv as string);
        if (known === undefined) byConv.set(conv as string, [message]);
        else known.push(message);
      }
    return byConv;
  }

  /** Resolves when each conversation has `count` more acknowledged messages. */
  async progress(count: number, timeoutMs: number): Promise<void> {
    const counts = () => {
      const acknowledged = this.acknowledged();
      return this.talks.map(({ conv }) => acknowledged.get(conv)?.length ?? 0);
    };
    const goals = counts().map((had) => had + count);
    await until('acknowledgements', () => counts().every((has, i) => has >= goals[i]!), timeoutMs);
  }

  /** Resolves when somebody was told 0x83, or after this time. */
  async refused(timeoutMs: number): Promise<void> {
    const total = () => this.senders.reduce((sum, { refusals }) => sum + refusals, 0);
    const before = total();
    await until('a refusal', () => total() > before, timeoutMs).catch(() => {});
  }

  /** Stops saying new things; resolves when all that was said is answered. */
  async pause(timeoutMs: number): Promise<void> {
    for (const sender of this.#sending) sender.pause();
    const waiting = () => this.#sending.reduce((sum, sender) => sum + sender.waiting, 0);
    await until('the last answers', () => waiting() === 0, timeoutMs);
  }

  resume(): void {
    for (const sender of this.#sending) sender.resume();
  }

  /** The sessions are gone, and clients were told so; custom messages that were kept for them are gone with them. */
  forgiveLostSessions(): void {
    const { present, away, guests, subscriber } = this.receivers;
    for (const { faults } of [...[...present, away, ...guests].map(({ kept }) => kept), subscriber])
      faults.splice(0, faults.length, ...faults.filter((fault) => fault !== 'the session was lost'));
    this.news.acknowledged.length = 0;
  }

  async end(): Promise<void> {
    const { present, away, guests, live, subscriber } = this.receivers;
    await Promise.all([
      ...this.#sending.map((sender) => sender.end()),
      ...[...present, away, ...guests].map((one) => one.leave()),
      ...[...live, subscriber].map((one) => one.end()),
    ]);
  }

  get #sending(): readonly (ClusterSender | Churn)[] {
    return [...this.senders, ...this.changers, this.news, this.reads, this.churn];
  }
}

const loadParts = [
  'users',
  'talks',
  'receivers',
  'guestGroup',
  'senders',
  'changers',
  'news',
  'reads',
  'churn',
] as const;

/** Edits, and now and then a recall, of what the sender has said to this topic lately. */
function changesOf(sender: ClusterSender, topic: string, changer: number, random: Seeded): NextMessage {
  return (number) => {
    const said = sender.acknowledged.filter((message) => message.topic === topic).slice(-10);
    if (said.length === 0) return undefined;
    const target = Number(random.pick(said).ack!.properties.seq);
    const id = `change-${changer}-${number}`;
    return random.between(1, 5) === 1
      ? { topic, payload: { id, type: 'recall', body: { target } } }
      : { topic, payload: { id, type: 'edit', body: { target, body: { text: `edited by ${id}` } } } };
  };
}
