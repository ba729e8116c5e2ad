import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'

/** What an expression asks of Prometheus. */
export interface Asked {
  /** Each series it selects, with what it says of its labels. */
  readonly selectors: readonly { readonly metric: string; readonly matchers: readonly Matcher[] }[]
  /** Labels it groups, joins or matches by. */
  readonly groupedBy: readonly string[]
}

/** A condition on a label: `state="queued"`, `outcome=~"a|b"`. */
export interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

/**
 * Reads an expression with Prometheus' own grammar.
 * @throws Error that shows where it is no expression
 */
export function readExpression(text: string): Asked {
  const selectors: { metric: string; matchers: Matcher[] }[] = []
  const groupedBy: string[] = []
  const textOf = ({ from, to }: SyntaxNode): string => text.slice(from, to)
  parser.parse(text).iterate({
    enter({ type, node, from }) {
      if (type.isError) throw new Error(`no expression at "${text.slice(from)}": ${text}`)
      if (type.name === 'VectorSelector') selectors.push({ metric: '', matchers: [] })
      if (type.name === 'Identifier') selectors.at(-1)!.metric = textOf(node)
      if (type.name === 'UnquotedLabelMatcher') selectors.at(-1)?.matchers.push(toMatcher(textOf(node)))
      if (type.name === 'LabelName' && node.parent?.name === 'GroupingLabels') groupedBy.push(textOf(node))
    },
  })
  return { selectors, groupedBy }
}

function toMatcher(text: string): Matcher {
  const [, label = '', operator = '', value = ''] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/.exec(text) ?? []
  return { label, operator, value }
}
