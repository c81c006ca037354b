// Without a worker, which a strict content security policy refuses; the transport keeps time itself.
export const setInterval = (callback: () => void, ms: number) => globalThis.setInterval(callback, ms);
export const clearInterval = (id: ReturnType<typeof globalThis.setInterval>) => globalThis.clearInterval(id);
