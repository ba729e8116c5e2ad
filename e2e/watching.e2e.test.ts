import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPort } from '@atelier/ledger/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startAtelier, type Atelier } from './kit/atelier.ts'
import { postJson } from './kit/calls.ts'
import { readExported, type Exported } from './kit/metrics.ts'
import { readExpression, type Asked } from './kit/promql.ts'

// Dashboards and alerts ask for what a gateway and a worker that run really show: names, labels and the values of labels.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CHART = join(ROOT, 'deploy/helm/atelier')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}
interface Dashboard {
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] }
}
interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string }
}

const dashboards = readdirSync(join(CHART, 'dashboards')).map((file) => ({
  file,
  board: JSON.parse(read(`deploy/helm/atelier/dashboards/${file}`)) as Dashboard,
}))
const rules = (
  parse(read('deploy/helm/atelier/rules/atelier.yaml')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules)

/** What Grafana fills in. */
const fillIn = (expression: string): string =>
  expression.replaceAll('$namespace', '.*').replaceAll('$__rate_interval', '5m')

/** Labels that Prometheus adds to what it scrapes. */
const TARGET_LABELS = ['instance', 'job', 'namespace', 'pod']
/** Labels whose values are a closed set that the programs show from the start. */
const CLOSED_LABELS = ['program', 'state', 'kind', 'outcome', 'direction']

describe('dashboards and alerts', () => {
  let atelier: Atelier
  let exported: Exported
  beforeAll(async () => {
    const port = await findPort()
    atelier = await startAtelier({
      ...{ ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '100', ATELIER_SLOTS: '1' },
      ATELIER_METRICS_PORT: String(port),
    })
    const ask = (steps: number) =>
      postJson(`${atelier.webui}/sdapi/v1/txt2img`, { prompt: 'x', width: 64, height: 64, steps })
    await ask(1)
    // One runs and one waits, so that the queue's own labels show.
    const last = Promise.all([ask(40), ask(1)])
    const operations = `http://127.0.0.1:${port}`
    do exported = await readExported({ operations })
    while (exported.get('atelier_queue_depth')?.labels.has('lane') !== true)
    await last
  }, 150_000)
  afterAll(() => atelier.stop(), 90_000)

  const checkAsked = ({ selectors, groupedBy }: Asked): void => {
    const known = new Set(['le', ...TARGET_LABELS])
    for (const { metric, matchers } of selectors) {
      const shown = exported.get(metric)
      if (shown === undefined) throw new Error(`no program shows ${metric}`)
      for (const label of shown.labels.keys()) known.add(label)
      for (const { label, operator, value } of matchers) {
        expect([...shown.labels.keys(), ...TARGET_LABELS], metric).toContain(label)
        if (!CLOSED_LABELS.includes(label)) continue
        const values = operator.includes('~') ? value.split('|') : [value]
        expect([...shown.labels.get(label)!], `${metric}: ${label}`).toEqual(expect.arrayContaining(values))
      }
    }
    expect([...known]).toEqual(expect.arrayContaining([...groupedBy]))
  }
  /** Labels that a text names by a pattern exist in one of the metrics that are asked for. */
  const checkNamed = (text: string, pattern: RegExp, { selectors }: Asked): void => {
    const known = selectors.flatMap(({ metric }) => [...exported.get(metric)!.labels.keys()])
    for (const [, label] of text.matchAll(pattern))
      expect(['le', ...TARGET_LABELS, ...known]).toContain(label)
  }

  it.each(dashboards)('$file shows what there is', ({ board }) => {
    const targets = board.panels.flatMap((panel) => panel.targets ?? [])
    expect(targets.length).toBeGreaterThan(10)
    for (const { expr, legendFormat } of targets) {
      const asked = readExpression(fillIn(expr))
      checkAsked(asked)
      checkNamed(legendFormat, /\{\{(\w+)\}\}/g, asked)
    }
    for (const { query } of board.templating.list) {
      const [, metric] = /label_values\((\w+),/.exec(JSON.stringify(query)) ?? []
      if (metric !== undefined) expect([...exported.keys()]).toContain(metric)
    }
  })

  it.each(rules)('$alert asks for what there is', ({ expr, annotations }) => {
    const asked = readExpression(expr)
    checkAsked(asked)
    checkNamed(annotations.description, /\$labels\.(\w+)/g, asked)
  })

  it('operations.md tells of every metric of ours, and of no other', () => {
    const told = [...read('docs/operations.md').matchAll(/^\| (`atelier_.*?) \|/gm)]
      .flatMap(([, names]) => [...names!.matchAll(/`(\w+)`/g)])
      .map(([, name]) => name)
    const own = [...exported.values()]
      .map(({ family }) => family)
      .filter((name) => name.startsWith('atelier_'))
    expect(new Set(told)).toEqual(new Set(own))
  })
})

describe('the files of dashboards and alerts', () => {
  it('have names of their own, and panels that do not overlap', () => {
    expect(new Set(dashboards.map(({ board }) => board.uid)).size).toBe(dashboards.length)
    for (const { board } of dashboards) {
      expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length)
      const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
      )
      expect(new Set(cells).size).toBe(cells.length)
    }
  })

  it('say of every alert how bad it is and what it means', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { labels, annotations } of rules) {
      expect(['critical', 'warning']).toContain(labels.severity)
      expect(annotations.summary.length * annotations.description.length).toBeGreaterThan(0)
    }
  })
})
