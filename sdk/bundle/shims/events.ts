type Listener = (...values: unknown[]) => void;

/** A listener that goes with its first event knows which one it stands for. */
type Kept = Listener & { readonly once?: Listener };

/** The little that MQTT.js uses of Node's EventEmitter. It copies the methods, so the constructor may never run. */
class EventEmitter {
  declare _listeners?: Map<string, readonly Kept[]>;

  on(name: string, listener: Kept): this {
    this._listeners ??= new Map();
    this._listeners.set(name, [...(this._listeners.get(name) ?? []), listener]);
    return this;
  }

  once(name: string, listener: Listener): this {
    const kept = (...values: unknown[]): void => {
      this.removeListener(name, kept);
      listener.apply(this, values);
    };
    return this.on(name, Object.assign(kept, { once: listener }));
  }

  removeListener(name: string, listener: Listener): this {
    const listeners = this._listeners?.get(name) ?? [];
    const index = listeners.findLastIndex((one) => one === listener || one.once === listener);
    if (index >= 0)
      this._listeners?.set(
        name,
        listeners.filter((_, i) => i !== index),
      );
    return this;
  }

  off(name: string, listener: Listener): this {
    return this.removeListener(name, listener);
  }

  removeAllListeners(name?: string): this {
    if (name === undefined) this._listeners?.clear();
    else this._listeners?.delete(name);
    return this;
  }

  listenerCount(name: string): number {
    return this._listeners?.get(name)?.length ?? 0;
  }

  /** Who begins or stops to listen meanwhile changes nothing. An error that nobody listens to is thrown. */
  emit(name: string, ...values: unknown[]): boolean {
    const listeners = this._listeners?.get(name) ?? [];
    if (listeners.length === 0 && name === 'error') throw values[0];
    for (const listener of listeners) listener.apply(this, values);
    return listeners.length > 0;
  }

  setMaxListeners(): this {
    return this;
  }
}

export { EventEmitter, EventEmitter as default };
