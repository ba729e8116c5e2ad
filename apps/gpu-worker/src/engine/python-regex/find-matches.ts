import { runInNewContext } from 'node:vm'
import { EngineError } from '../engine-error.ts'
import { noPattern } from './pattern-error.ts'
import { translatePattern, type PatternFlags } from './translate-pattern.ts'

/** A place where a pattern matches. */
export interface PatternMatch {
  /** Where it begins and ends in the text. */
  readonly start: number
  readonly end: number
  /** The whole match, then what its groups hold; undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[]
  readonly names: Readonly<Record<string, string | undefined>>
}

/** Milliseconds a search may take: some patterns would take years. */
const LONGEST_MS = 2000

/**
 * The code is run in a context of its own, since only there can a search be ended. Matches are told as JSON: objects of
 * another context have other prototypes.
 */
const SEARCH = `
  const told = []
  for (const match of text.matchAll(new RegExp(source, flags))) {
    // V8 finds empty matches between the halves of a pair of surrogates too.
    const [before, after] = [text.charCodeAt(match.index - 1), text.charCodeAt(match.index)]
    if ((before & 0xfc00) === 0xd800 && (after & 0xfc00) === 0xdc00) continue
    told.push({
      start: match.index, end: match.index + match[0].length,
      groups: [...match].map((group) => group ?? null), names: match.groups ?? {},
    })
    if (told.length >= limit) break
  }
  JSON.stringify(told)
`

/**
 * Finds the matches of a pattern of Python's in a text, the first so many.
 * @throws PatternError when the pattern is none; EngineError `node-failed` when it cannot be translated, or takes too long
 */
export function findMatches(
  { pattern, flags, text }: { pattern: string; flags: PatternFlags; text: string },
  limit = Infinity,
): readonly PatternMatch[] {
  const { source, ignoresCase } = translatePattern(pattern, flags)
  const setting = { source, flags: ignoresCase ? 'vgi' : 'vg', text, limit }
  try {
    const told = JSON.parse(runInNewContext(SEARCH, setting, { timeout: LONGEST_MS }) as string)
    return (told as ToldMatch[]).map((match) => ({
      ...match,
      groups: match.groups.map((group) => group ?? undefined),
    }))
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string }
    if (name === 'SyntaxError') throw noPattern(message)
    if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new EngineError('node-failed', 'the regular expression takes too long on this text', {
      exceptionType: 'TimeoutError',
    })
  }
}

type ToldMatch = Omit<PatternMatch, 'groups'> & { readonly groups: readonly (string | null)[] }
