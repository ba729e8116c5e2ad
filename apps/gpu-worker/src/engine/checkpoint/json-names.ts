/**
 * Finds a name that occurs twice in one object of a JSON text. JSON.parse keeps the last silently, which would let a
 * file show one tensor to us and another to somebody else.
 * @returns the repeated name, or undefined. The text must be valid JSON.
 */
export function findRepeatedName(json: string): string | undefined {
  const objects: Set<string>[] = []
  let isName = false
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at]
    if (character === '"') {
      const end = endOfString(json, at)
      if (isName) {
        const name = JSON.parse(json.slice(at, end)) as string
        const names = objects.at(-1)
        if (names?.has(name)) return name
        names?.add(name)
        isName = false
      }
      at = end - 1
    } else if (character === '{') {
      objects.push(new Set())
      isName = true
    } else if (character === '}') {
      objects.pop()
      isName = false
    } else if (character === ',') {
      isName = isInObject(json, at)
    }
  }
  return undefined
}

/** Index after the closing quote of the string that starts at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}

/** Whether the comma at `at` separates members: in an object the next string is followed by a colon. */
function isInObject(json: string, at: number): boolean {
  const next = /\s*"/y
  next.lastIndex = at + 1
  if (!next.test(json)) return false
  const end = endOfString(json, next.lastIndex - 1)
  return /^\s*:/.test(json.slice(end, end + 32))
}
