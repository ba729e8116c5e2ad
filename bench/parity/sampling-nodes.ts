import {
  runSigmaNode,
  type SigmaNodeRecording,
} from '../../apps/gpu-worker/src/engine/denoise/test-kit/recorded-sigma-nodes.ts'
import { listComfySigmas } from '../../apps/gpu-worker/src/engine/denoise/plan-comfy.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { readLines, relative } from './sampling-fixtures.ts'
import { MODELS } from '../../apps/gpu-worker/src/engine/denoise/test-kit/recorded-models.ts'
import { compareConsistency, compareConversion } from './sampling-schedules.ts'

// Fields differ by kind; a wrong guess shows as a failing case.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Row = Record<string, any> & { kind: string }

/** The distilled table and its schedules. */
export async function compareSigmaNodes(path: (name: string) => string): Promise<Comparison[]> {
  const model = MODELS['lcm']!
  return Promise.all(
    readLines<Row>(path('sigmas_nodes.jsonl')).flatMap((row): Promise<Comparison>[] => {
      if (row.kind === 'distilled_table') {
        return [
          compareCase('ComfyUI distilled', 'table', () =>
            compareValues(model.sigmas, row['sigmas'], relative(1e-5)),
          ),
        ]
      }
      if (row.kind === 'sigmas') {
        const { scheduler, steps, sigmas, error } = row
        return [
          compareCase('ComfyUI distilled', `${scheduler} ${steps}`, () => {
            if (error !== undefined) return 0
            const expected = (sigmas as (number | string)[]).map(Number)
            const from = Number.isNaN(expected[0]) ? 1 : 0
            const actual = listComfySigmas(scheduler, steps, model)
            return compareValues(actual.slice(from), expected.slice(from), relative(1e-5))
          }),
        ]
      }
      if (row.kind === 'node') return [compareNode(row as Row & SigmaNodeRecording)]
      if (row.kind === 'parameterisation') return [compareConsistency(row)]
      return compareConversion('ComfyUI distilled', row)
    }),
  )
}

function compareNode(row: SigmaNodeRecording): Promise<Comparison> {
  return compareCase(`ComfyUI ${row.node}`, JSON.stringify(row.args), () => {
    const outputs = runSigmaNode(row)
    if (outputs?.length !== row.out.length) return Infinity
    return Math.max(
      ...row.out.map((expected, i) => compareValues(outputs[i]!, [expected].flat(), relative(1e-5))),
    )
  })
}
