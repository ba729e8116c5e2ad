import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'

const SECTIONS = new URL('sections/', import.meta.url)
const PAGE = new URL('../../docs/compatibility.md', import.meta.url)
/** What follows this line of the page is made by the commands of this folder. */
const MARK = '<!-- Made by the commands in bench/wire/; do not edit below this line. -->'

/** How one recorded thing fared. */
export interface WireVerdict {
  readonly file: string
  readonly name: string
  /** Why it is not compared yet; absent: it is in scope. */
  readonly notYet?: string
  /** How it differs; absent: it passed. */
  readonly difference?: string
}

/**
 * Prints a table of passed, in scope and not yet in scope for each file, with what differs below it, and writes it as a
 * section of docs/compatibility.md. Returns whether everything in scope passed.
 */
export function reportWire(section: string, title: string, verdicts: readonly WireVerdict[]): boolean {
  const files = [...new Set(verdicts.map(({ file }) => file))]
  const rows = files.map((file) => summarise(file, verdicts))
  const failed = verdicts.filter(({ notYet, difference }) => notYet === undefined && difference !== undefined)
  const table = [
    `### ${title}`,
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
  mkdirSync(SECTIONS, { recursive: true })
  writeFileSync(new URL(`${section}.md`, SECTIONS), text)
  writePage()
  return failed.length === 0
}

function writePage(): void {
  const [written] = readFileSync(PAGE, 'utf8').split(MARK)
  const sections = readdirSync(SECTIONS)
    .sort()
    .map((name) => readFileSync(new URL(name, SECTIONS), 'utf8'))
  writeFileSync(PAGE, [`${written ?? ''}${MARK}\n`, ...sections].join('\n'))
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
