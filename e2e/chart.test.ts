import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gatewayConfigSchema } from '@atelier/gateway'
import { workerConfigSchema } from '@atelier/gpu-worker'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

// What the chart's files say by themselves; what Helm makes of them is in chart-render.test.ts.

const CHART = fileURLToPath(new URL('../deploy/helm/atelier', import.meta.url))
const read = (path: string): string => readFileSync(join(CHART, path), 'utf8')
const templates = readdirSync(join(CHART, 'templates'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(yaml|tpl)$/.test(file))
  .map((file) => read(join('templates', file)))

interface Schema {
  readonly properties: Readonly<Record<string, object>>
  readonly definitions: Readonly<Record<string, { readonly properties: Readonly<Record<string, object>> }>>
}
const schema = JSON.parse(read('values.schema.json')) as Schema
const settingsOf = (definition: string): string[] =>
  Object.keys(schema.definitions[definition]?.properties ?? {})
/** Settings that the chart makes of other values. */
const made = new Set(templates.flatMap((text) => text.match(/\bATELIER_[A-Z0-9_]+/g) ?? []))
/** Settings of one machine without a broker, which no pod is. */
const ONE_MACHINE = ['ATELIER_RETENTION_HOURS', 'ATELIER_SAVED_RETENTION_HOURS']
const PROGRAMS = [
  ['gateway', Object.keys(gatewayConfigSchema.shape), settingsOf('gatewaySettings')],
  ['worker', Object.keys(workerConfigSchema.shape), settingsOf('workerSettings')],
] as const

describe("the chart's settings", () => {
  it.each(PROGRAMS)('are those the %s knows, all of them', (_program, known, own) => {
    const common = settingsOf('commonSettings')
    expect(known).toEqual(expect.arrayContaining([...common, ...own]))
    const given = new Set([...made, ...common, ...own, ...ONE_MACHINE])
    expect(known.filter((name) => !given.has(name))).toEqual([])
  })

  it('are made for some program', () => {
    const known = PROGRAMS.flatMap(([, names]) => names)
    expect([...made].filter((name) => !known.includes(name))).toEqual([])
  })

  it('come from one place: what the chart makes is no value of settings', () => {
    const values = ['commonSettings', 'gatewaySettings', 'workerSettings'].flatMap(settingsOf)
    // Made of the processors of a pool where its own settings do not say it.
    expect(values.filter((name) => made.has(name))).toEqual(['ATELIER_THREADS'])
  })
})

describe("the chart's values", () => {
  const values = parse(read('values.yaml')) as Record<string, object>

  it('are described by the schema, every one', () => {
    const known = Object.keys(schema.properties).filter((name) => name !== 'global')
    expect(Object.keys(values)).toEqual(expect.arrayContaining(known))
    expect(known).toEqual(expect.arrayContaining(Object.keys(values)))
    const pool = schema.definitions['pool']?.properties ?? {}
    expect(Object.keys(values['workerDefaults'] ?? {}).sort()).toEqual(Object.keys(pool).sort())
  })

  it('are used by some template, every one', () => {
    const text = templates.join('\n')
    for (const name of Object.keys(values)) expect(text, name).toContain(`.Values.${name}`)
  })
})

describe('Chart.yaml', () => {
  it('has the version of the programs', () => {
    const root = JSON.parse(readFileSync(join(CHART, '../../../package.json'), 'utf8')) as { version: string }
    const { version, appVersion } = parse(read('Chart.yaml')) as Record<string, string>
    expect([version, appVersion]).toEqual([root.version, root.version])
  })
})
