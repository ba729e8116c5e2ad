/**
 * A prompt with scheduling (`[from:to:0.5]`) and alternation (`[a|b]`) as a tree. Emphasis is kept as it is written; the
 * step decides only what the scheduled and alternating parts become.
 */
export type ScheduleNode =
  | { readonly kind: 'text'; readonly text: string }
  /** `before` up to the boundary, then `after`; the boundary is still text ("0.25" is a share, "5" a step). */
  | {
      readonly kind: 'scheduled'
      readonly before: ScheduleNode[]
      readonly after: ScheduleNode[]
      readonly boundary: string
    }
  /** One option a step, in turn. */
  | { readonly kind: 'alternate'; readonly options: readonly ScheduleNode[][] }

/** What stands between an opening bracket and its counterpart, cut at the separators of its own level. */
interface Sections {
  readonly parts: ScheduleNode[][]
  readonly separators: readonly string[]
  readonly close: string
  readonly end: number
}

const plainRun = /(?:[^\\[\]():|]|\\[^\n])+/y
const boundaryNumber = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*$/

/** Brackets nested deeper than this are not looked into, which bounds the stack. */
const deepestNesting = 500

/** Parses one prompt. Positions at which a bracket was seen not to fit are remembered, which keeps parsing linear. */
class ScheduleParser {
  private readonly text: string
  private readonly brackets = new Map<
    number,
    { readonly nodes: ScheduleNode[]; readonly end: number } | undefined
  >()

  constructor(text: string) {
    this.text = text
  }

  /** The whole prompt: what fits the grammar, and stray brackets and colons as text. Undefined when a `|` or `\` strays. */
  parsePrompt(): ScheduleNode[] | undefined {
    const nodes: ScheduleNode[] = []
    let position = 0
    while (position < this.text.length) {
      const item = this.parseItem(position)
      if (item !== undefined) {
        nodes.push(...item.nodes)
        position = item.end
      } else if (/[[\]():]/.test(this.text[position] ?? '')) {
        nodes.push({ kind: 'text', text: this.text[position] ?? '' })
        position += 1
      } else {
        return undefined
      }
    }
    return nodes
  }

  private parseItem(position: number): { readonly nodes: ScheduleNode[]; readonly end: number } | undefined {
    const first = this.text[position]
    if (first === '(' || first === '[') {
      if (!this.brackets.has(position)) this.brackets.set(position, this.parseBracket(position, first))
      return this.brackets.get(position)
    }
    plainRun.lastIndex = position
    const text = plainRun.exec(this.text)?.[0]
    return text === undefined ? undefined : { nodes: [{ kind: 'text', text }], end: position + text.length }
  }

  private parseBracket(position: number, open: '(' | '['): ReturnType<ScheduleParser['parseItem']> {
    const sections = this.parseSections(position + 1)
    if (sections === undefined) return undefined
    const { parts, separators, close, end } = sections
    const colons = separators.filter((separator) => separator === ':').length
    const bars = separators.length - colons
    if (open === '(') {
      return close === ')' && bars === 0 && colons <= 1
        ? { nodes: keepBrackets(open, sections), end }
        : undefined
    }
    if (close !== ']') return undefined
    if (separators.length === 0) return { nodes: keepBrackets(open, sections), end }
    if (colons === 0) return { nodes: [{ kind: 'alternate', options: parts }], end }
    const boundary = bars === 0 && colons <= 2 ? toBoundary(parts.at(-1) ?? []) : undefined
    if (boundary === undefined) return undefined
    const [before, after] = colons === 1 ? [[], parts[0] ?? []] : [parts[0] ?? [], parts[1] ?? []]
    return { nodes: [{ kind: 'scheduled', before, after, boundary }], end }
  }

  private parseSections(start: number): Sections | undefined {
    const parts: ScheduleNode[][] = [[]]
    const separators: string[] = []
    let position = start
    while (position < this.text.length) {
      const character = this.text[position] ?? ''
      if (character === ')' || character === ']')
        return { parts, separators, close: character, end: position + 1 }
      if (character === ':' || character === '|') {
        separators.push(character)
        parts.push([])
        position += 1
        continue
      }
      const item = this.parseItem(position)
      if (item === undefined) return undefined
      parts.at(-1)?.push(...item.nodes)
      position = item.end
    }
    return undefined
  }
}

function keepBrackets(open: string, { parts, close }: Sections): ScheduleNode[] {
  const [first = [], second] = parts
  const inside = second === undefined ? first : [...first, textNode(':'), ...second]
  return [textNode(open), ...inside, textNode(close)]
}

function textNode(text: string): ScheduleNode {
  return { kind: 'text', text }
}

/** The number of a section that holds nothing else, as written; undefined when it holds anything else. */
function toBoundary(section: readonly ScheduleNode[]): string | undefined {
  const text = section.map((node) => (node.kind === 'text' ? node.text : '\0')).join('')
  return boundaryNumber.exec(text)?.[1]
}

function measureNesting(text: string): number {
  let depth = 0
  let deepest = 0
  for (const character of text) {
    if (character === '(' || character === '[') deepest = Math.max(deepest, ++depth)
    else if ((character === ')' || character === ']') && depth > 0) depth--
  }
  return deepest
}

/**
 * Parses A1111's scheduling grammar; undefined when the prompt does not fit it and is to be used as it stands. Where
 * brackets can be read in two ways the first one that closes wins (the original decides by chance there).
 */
export function parseScheduleTree(prompt: string): ScheduleNode[] | undefined {
  if (measureNesting(prompt) > deepestNesting) return undefined
  return new ScheduleParser(prompt).parsePrompt()
}
