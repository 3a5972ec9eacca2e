// The smallest store that renders: one immutable value, and who wants to know.
import { useEffect, useState } from "preact/hooks";

export class Store<T extends object> {
  private listeners = new Set<() => void>();

  constructor(private value: T) {}

  get(): T {
    return this.value;
  }

  set(change: Partial<T> | ((value: T) => Partial<T>)): void {
    const patch = typeof change === "function" ? change(this.value) : change;
    this.value = { ...this.value, ...patch };
    for (const listener of this.listeners) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** The store's value, rendered again whenever it changes. */
export function useStore<T extends object>(store: Store<T>): T {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    const update = () => setValue(store.get());
    update(); // it may have changed between render and effect
    return store.subscribe(update);
  }, [store]);
  return value;
}
