/**
 * Short notices between the processes of an installation, such as gateways telling each other what they showed. They
 * may be lost, and nobody hears those told before: nothing that matters may depend on one.
 */
export interface NoticeBoard {
  /** Tells a notice to everyone who listens, this process included. */
  tell(topic: string, notice: unknown): void
  /** Hears notices of a topic; returns the function that ends it. */
  listen(topic: string, listener: (notice: unknown) => void): () => void
}

/** A notice board inside one process. */
export function createLocalNoticeBoard(): NoticeBoard {
  const listeners = new Map<string, Set<(notice: unknown) => void>>()
  return {
    tell(topic, notice) {
      for (const listener of [...(listeners.get(topic) ?? [])]) listener(notice)
    },
    listen(topic, listener) {
      const ofTopic = listeners.get(topic) ?? new Set()
      listeners.set(topic, ofTopic.add(listener))
      return () => ofTopic.delete(listener)
    },
  }
}
