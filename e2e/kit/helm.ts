import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireTool } from '@atelier/ledger/test-kit'
import { parseAllDocuments } from 'yaml'

const CHART = fileURLToPath(new URL('../../deploy/helm/atelier', import.meta.url))
/** What the chart is rendered for: Helm alone does not know which it would be. */
const KUBERNETES = '1.35.0'

/** An object of Kubernetes, as far as tests look into it. */
export interface KubernetesObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the forms of Kubernetes are not ours to type
  readonly spec: any
  readonly data?: Readonly<Record<string, string>>
  readonly stringData?: Readonly<Record<string, string>>
}

/**
 * Renders the chart with one of its files of values and some more, `path=value` as `--set` takes them.
 * @throws Error with what Helm says when values are wrong
 */
export function renderChart(values: string, ...more: readonly string[]): KubernetesObject[] {
  const text = execFileSync(
    requireTool('helm'),
    [
      ...['template', 'demo', CHART, '--kube-version', KUBERNETES],
      ...['--values', join(CHART, `ci/${values}-values.yaml`)],
      ...more.flatMap((setting) => ['--set', setting]),
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 },
  )
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as KubernetesObject | null) ?? [])
}
