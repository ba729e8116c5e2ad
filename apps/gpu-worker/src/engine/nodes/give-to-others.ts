import type { ConditioningEntry, ConditioningValue } from '../node-graph/node-context.ts'
import type { GuiderValue } from '../node-graph/sampling-values.ts'

/** What positive entries may share with the other roles. */
type Shared = 'control' | 'boxes'

/**
 * Gives what positive entries share to entries of the other roles that have none and no area, one after the other, unless
 * one of those has its own.
 */
export function giveToOthers<K extends Shared>(
  conditionings: GuiderValue['conditionings'],
  key: K,
  shared: readonly NonNullable<ConditioningEntry[K]>[],
): GuiderValue['conditionings'] {
  if (shared.length === 0) return conditionings
  return Object.fromEntries(
    Object.entries(conditionings).map(([role, entries]) => [
      role,
      role === 'positive' ? entries : give(entries, key, shared),
    ]),
  )
}

function give<K extends Shared>(
  entries: ConditioningValue,
  key: K,
  shared: readonly NonNullable<ConditioningEntry[K]>[],
): ConditioningValue {
  const whole = entries.filter(({ area }) => area === undefined)
  const empty = whole.filter((entry) => entry[key] === undefined)
  if (empty.length === 0 || empty.length < whole.length) return entries
  const given = new Map<ConditioningEntry, ConditioningEntry[K]>()
  shared.forEach((one, index) => given.set(empty[index % empty.length]!, one))
  return entries.map((entry) => (given.has(entry) ? { ...entry, [key]: given.get(entry) } : entry))
}
