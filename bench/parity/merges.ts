/** Compares merged checkpoints with A1111's, byte for byte. Run: node --import tsx bench/parity/merges.ts */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mergeCheckpoints } from '../../apps/gpu-worker/src/merge/merge-checkpoints.ts'
import {
  runRecordedMerge,
  toMergeRequest,
  type RecordedMerge,
} from '../../apps/gpu-worker/src/merge/test-kit.ts'
import { readCases } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { compareCase, findFixtures, report, type Comparison } from './report.ts'

const fixtures = findFixtures()
if (fixtures === undefined) process.exit(0)
const folder = `${fixtures}models/merge/`
const work = mkdtempSync(join(tmpdir(), 'merges-'))

const comparisons: Comparison[] = []
for (const recorded of readCases<RecordedMerge>(new URL(`file://${folder}merges.jsonl`))) {
  const { case: name, error, file_name: fileName } = recorded
  if (error !== undefined) {
    const compute = () => {
      try {
        mergeCheckpoints(toMergeRequest(recorded, folder), (merged) => join(work, merged))
        return Infinity
      } catch (fault) {
        return (fault as Error).message.includes(error.replace(/^\w+: /, '')) ? 0 : Infinity
      }
    }
    comparisons.push(await compareCase('A1111: merges that are refused', name, compute))
    continue
  }
  comparisons.push(
    await compareCase('A1111: merged checkpoints', name, () => {
      const { differing, name: merged } = runRecordedMerge(recorded, folder, work)
      // Cases that were given a name tell only the end that A1111 adds to it.
      const end = /(\.[a-z][a-z0-9-]*)?\.safetensors$/.exec(merged)?.[0] ?? ''
      const isNamed = merged === fileName || fileName === name + end
      return differing.length === 0 && isNamed ? 0 : Infinity
    }),
  )
}
process.exitCode = report('merges', 'Merged checkpoints', comparisons) ? 0 : 1
