import { EngineError } from '../engine-error.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { expandTemplate } from '../python-regex/expand-template.ts'
import { findMatches, type PatternMatch } from '../python-regex/find-matches.ts'
import { PatternError } from '../python-regex/pattern-error.ts'
import type { NodeTable } from './node-table.ts'

/** Texts searched by regular expressions of Python's; a pattern that is none matches nowhere. */
export const regexNodes: NodeTable = {
  RegexMatch: async (inputs) => ({ outputs: [searchGently(inputs, 1).length > 0] }),
  RegexExtract: async (inputs) => {
    const group = inputs.integer('group_index')
    switch (inputs.text('mode')) {
      case 'First Match':
        return { outputs: [searchGently(inputs, 1)[0]?.groups[0] ?? ''] }
      case 'All Matches':
        return { outputs: [searchGently(inputs).map(toFound).join('\n')] }
      case 'First Group': {
        const [match] = searchGently(inputs, 1)
        // A group that took no part is None, one that is not there is empty.
        return {
          outputs: [match === undefined || group >= match.groups.length ? '' : (match.groups[group] ?? null)],
        }
      }
      default:
        return { outputs: [listGroups(searchGently(inputs), group).join('\n')] }
    }
  },
  RegexReplace: async (inputs) => {
    const [text, template] = [inputs.text('string'), inputs.text('replace')]
    const count = inputs.optional('count') === undefined ? 0 : inputs.integer('count')
    let [replaced, at] = ['', 0]
    for (const match of search(inputs, count === 0 ? Infinity : count)) {
      replaced += text.slice(at, match.start) + expandTemplate(template, match)
      at = match.end
    }
    return { outputs: [replaced + text.slice(at)] }
  },
}

function search(inputs: NodeInputs, limit = Infinity): readonly PatternMatch[] {
  const isOn = (name: string, preset: boolean) =>
    inputs.optional(name) === undefined ? preset : inputs.flag(name)
  const flags = {
    ignoresCase: isOn('case_insensitive', true),
    isMultiline: isOn('multiline', false),
    isDotAll: isOn('dotall', false),
  }
  return findMatches({ pattern: inputs.text('regex_pattern'), flags, text: inputs.text('string') }, limit)
}

function searchGently(inputs: NodeInputs, limit = Infinity): readonly PatternMatch[] {
  try {
    return search(inputs, limit)
  } catch (error) {
    if (error instanceof PatternError) return []
    throw error
  }
}

/** What Python's `findall` gives of a match, of several groups the first. */
function toFound({ groups }: PatternMatch): string {
  return groups.length === 1 ? groups[0]! : (groups[1] ?? '')
}

function listGroups(matches: readonly PatternMatch[], group: number): string[] {
  return matches.flatMap(({ groups }, index) => {
    if (groups.length === 1 || group >= groups.length) return []
    const found = groups[group]
    if (found !== undefined) return [found]
    throw new EngineError('node-failed', `sequence item ${index}: expected str instance, NoneType found`, {
      exceptionType: 'TypeError',
    })
  })
}
