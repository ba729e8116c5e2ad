import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One compared case. */
export interface Comparison {
  readonly group: string
  readonly name: string
  /** Worst error as a share of the tolerance: up to 1 passes. */
  readonly error: number
  /** Why it is known not to pass, or not to be tried yet. */
  readonly exception?: string
}

interface Row {
  readonly cases: number
  readonly passed: number
  readonly worst: number
  readonly exceptions: readonly string[]
}

const SECTIONS = new URL('sections/', import.meta.url)
const PAGE = new URL('../../docs/parity.md', import.meta.url)
const INTRODUCTION = `# Parity with the originals

Made by \`npm run parity\` from recordings of AUTOMATIC1111 1.10.1, Forge, ComfyUI 0.3.64 and Diffusers; do not edit. "Worst" is the largest error of a passing case as a share of its tolerance.
`

/** Folder of the recordings, or undefined (said loudly) where it is not there. */
export function findFixtures(): string | undefined {
  const path = fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url))
  try {
    readdirSync(path)
    return path
  } catch {
    console.error(`SKIPPED: the recordings are not at ${path}`)
    return undefined
  }
}

/** Prints a table, writes it as a section of docs/parity.md, and returns whether all is well. */
export function report(section: string, title: string, comparisons: readonly Comparison[]): boolean {
  const text = toTable(title, comparisons)
  console.log(text)
  const failures = comparisons.filter(isFailure)
  for (const { group, name, error } of failures)
    console.log(`FAILED ${group} ${name}: ${error.toPrecision(3)} x tolerance`)
  mkdirSync(SECTIONS, { recursive: true })
  writeFileSync(new URL(`${section}.md`, SECTIONS), text)
  writePage()
  return failures.length === 0
}

/** Whether a case does not pass, unforeseen; an error that is no number does not. */
export function isFailure({ error, exception }: Comparison): boolean {
  return !(error <= 1) && exception === undefined
}

/** The table of a section: a row a group. */
export function toTable(title: string, comparisons: readonly Comparison[]): string {
  const groups = new Map<string, Comparison[]>()
  for (const comparison of comparisons)
    groups.set(comparison.group, [...(groups.get(comparison.group) ?? []), comparison])
  const rows = [...groups].map(([group, cases]): [string, Row] => [group, summarise(cases)])
  const lines = rows.map(
    ([group, { cases, passed, worst, exceptions }]) =>
      `| ${group} | ${cases} | ${passed} | ${worst.toPrecision(2)} | ${exceptions.join('; ')} |`,
  )
  return [
    `## ${title}`,
    '',
    '| Group | Cases | Passed | Worst | Exceptions |',
    '|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n')
}

function summarise(cases: readonly Comparison[]): Row {
  const passing = cases.filter(({ error }) => error <= 1)
  const reasons = cases
    .filter(({ error }) => !(error <= 1))
    .map(({ name, exception }) => exception ?? `${name} differs`)
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return {
    cases: cases.length,
    passed: passing.length,
    worst: Math.max(0, ...passing.map(({ error }) => error)),
    exceptions: [...counts].map(([reason, count]) => `${count} x ${reason}`),
  }
}

function writePage(): void {
  const sections = readdirSync(SECTIONS)
    .sort()
    .map((name) => readFileSync(new URL(name, SECTIONS), 'utf8'))
  writeFileSync(PAGE, [INTRODUCTION, ...sections].join('\n'))
}

/** Largest error of values as a share of the tolerance; Infinity when counts differ or a value is NaN. */
export function compareValues(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  toleranceOf: (expected: number) => number,
): number {
  if (actual.length !== expected.length) return Infinity
  let worst = 0
  for (let i = 0; i < expected.length; i += 1) {
    if (Object.is(actual[i], expected[i])) continue
    const error = Math.abs(actual[i]! - expected[i]!) / toleranceOf(expected[i]!)
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error
  }
  return worst
}

/** Runs a comparison; an error thrown counts as a failure with its message as the exception where that is expected. */
export async function compareCase(
  group: string,
  name: string,
  compute: () => number | Promise<number>,
  toException: (error: Error) => string | undefined = () => undefined,
): Promise<Comparison> {
  try {
    return { group, name, error: await compute() }
  } catch (error) {
    const exception = toException(error as Error)
    return {
      group,
      name: `${name} (${String(error)})`,
      error: Infinity,
      ...(exception === undefined ? {} : { exception }),
    }
  }
}
