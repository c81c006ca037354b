interface Level<Value> {
  readonly next: Map<string, Level<Value>>;
  readonly values: Set<Value>;
}

/** Values by topic filter: finds those whose filters match a topic, however many others there are. */
export class FilterTrie<Value> {
  readonly #root: Level<Value> = { next: new Map(), values: new Set() };

  add(filter: string, value: Value): void {
    let at = this.#root;
    for (const name of filter.split('/')) {
      let next = at.next.get(name);
      if (next === undefined) {
        next = { next: new Map(), values: new Set() };
        at.next.set(name, next);
      }
      at = next;
    }
    at.values.add(value);
  }

  delete(filter: string, value: Value): void {
    const path: [Level<Value>, string][] = [];
    let at = this.#root;
    for (const name of filter.split('/')) {
      const next = at.next.get(name);
      if (next === undefined) return;
      path.push([at, name]);
      at = next;
    }
    at.values.delete(value);
    for (let [parent, name] = path.pop()!; ; [parent, name] = path.pop()!) {
      const level = parent.next.get(name)!;
      if (level.values.size > 0 || level.next.size > 0) return;
      parent.next.delete(name);
      if (path.length === 0) return;
    }
  }

  /** Calls for every value whose filter matches the topic. [MQTT-4.7.1-2] */
  match(topic: string, found: (value: Value) => void): void {
    // [MQTT-4.7.2-1]
    const wild = topic.charCodeAt(0) !== 0x24;
    this.#match(this.#root, topic.split('/'), 0, wild, found);
  }

  #match(
    level: Level<Value>,
    names: readonly string[],
    depth: number,
    wild: boolean,
    found: (value: Value) => void,
  ): void {
    if (wild || depth > 0) level.next.get('#')?.values.forEach(found);
    if (depth === names.length) {
      level.values.forEach(found);
      return;
    }
    const exact = level.next.get(names[depth]!);
    if (exact !== undefined) this.#match(exact, names, depth + 1, wild, found);
    const any = wild || depth > 0 ? level.next.get('+') : undefined;
    if (any !== undefined) this.#match(any, names, depth + 1, wild, found);
  }
}
