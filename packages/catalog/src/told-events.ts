/** A part of infotexts that tells of an event of the run. */
export interface EventText {
  readonly event: number
  /** As it stands in them, with the comma before it. */
  readonly text: string
}

/**
 * An infotext with what the run came upon alone, in the order it did. The parts stand next to each other in `infotext`, in
 * their own order; a text without them is returned as it is.
 */
export function tellEvents(infotext: string, told: readonly EventText[], events: readonly number[]): string {
  const all = told.map(({ text }) => text).join('')
  const at = infotext.lastIndexOf(all)
  if (all === '' || at < 0) return infotext
  const come = events.flatMap((event) => told.find((part) => part.event === event)?.text ?? [])
  return `${infotext.slice(0, at)}${come.join('')}${infotext.slice(at + all.length)}`
}
