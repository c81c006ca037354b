import { ConversationView, type ViewHost } from './view.ts';

/** Conversations that nobody looks at and that stay loaded. */
const maxClosed = 20;

/** The conversations that somebody asked for: for each the one object. */
export class Views {
  readonly #host: ViewHost;
  readonly #views = new Map<string, ConversationView>();
  /** Those that nobody looks at any more, the latest last. */
  readonly #closed = new Set<ConversationView>();

  constructor(host: Omit<ViewHost, 'onClosed'>) {
    this.#host = { ...host, onClosed: (view) => this.#onClosed(view) };
  }

  /** Throws RangeError for what is no conversation of the user's. */
  of(conv: string): ConversationView {
    let view = this.#views.get(conv);
    if (view === undefined) {
      view = new ConversationView(this.#host, conv);
      this.#views.set(conv, view);
    }
    return view;
  }

  /** Undefined where nobody has asked for it. */
  get(conv: string): ConversationView | undefined {
    return this.#views.get(conv);
  }

  /** Those that somebody looks at. */
  open(): ConversationView[] {
    return [...this.#views.values()].filter(({ isOpen }) => isOpen);
  }

  close(): void {
    for (const view of this.#views.values()) view.close();
    this.#views.clear();
    this.#closed.clear();
  }

  #onClosed(view: ConversationView): void {
    this.#closed.delete(view);
    this.#closed.add(view);
    if (this.#closed.size <= maxClosed) return;
    const [oldest] = this.#closed;
    this.#closed.delete(oldest!);
    if (!oldest!.isOpen) oldest!.drop();
  }
}
