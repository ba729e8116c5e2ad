import { writeFileSync } from 'node:fs'

/** How one recorded thing fared. */
export interface WireVerdict {
  readonly file: string
  readonly name: string
  /** Why it is not compared yet; absent: it is in scope. */
  readonly notYet?: string
  /** How it differs; absent: it passed. */
  readonly difference?: string
}

/** Prints a table of passed, in scope and not yet in scope for each file, with what differs below it. */
export function reportWire(title: string, verdicts: readonly WireVerdict[], page: URL): boolean {
  const files = [...new Set(verdicts.map(({ file }) => file))]
  const rows = files.map((file) => summarise(file, verdicts))
  const failed = verdicts.filter(({ notYet, difference }) => notYet === undefined && difference !== undefined)
  const table = [
    `## ${title}`,
    '',
    '| Recording | Passed | In scope | Not yet in scope |',
    '|---|---|---|---|',
    ...rows.map(({ file, passed, inScope, later }) => `| ${file} | ${passed} | ${inScope} | ${later} |`),
    '',
  ]
  const differences = failed.map(({ file, name, difference }) => `- ${file} \`${name}\`: ${difference}`)
  const reasons = listReasons(verdicts)
  const text = [
    ...table,
    ...(differences.length === 0 ? [] : ['Different:', '', ...differences, '']),
    ...(reasons.length === 0 ? [] : ['Not yet in scope:', '', ...reasons, '']),
  ].join('\n')
  console.log(text)
  writeFileSync(page, text)
  return failed.length === 0
}

function summarise(file: string, verdicts: readonly WireVerdict[]) {
  const own = verdicts.filter((verdict) => verdict.file === file)
  const inScope = own.filter(({ notYet }) => notYet === undefined)
  const passed = inScope.filter(({ difference }) => difference === undefined)
  return { file, passed: passed.length, inScope: inScope.length, later: own.length - inScope.length }
}

function listReasons(verdicts: readonly WireVerdict[]): string[] {
  const counts = new Map<string, number>()
  for (const { file, notYet } of verdicts) {
    if (notYet === undefined) continue
    const reason = `${file}: ${notYet}`
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return [...counts].map(([reason, count]) => `- ${reason} (${count})`)
}
