import { isExactObject, parseExactJson } from '@atelier/catalog/exact-json'
import { readFileSync } from 'node:fs'
import { findKnownDifference } from '../../apps/gateway/src/sdapi/test-kit/known-differences.ts'
import type { RequestPictures } from '../../apps/gateway/src/sdapi/test-kit/recorded-exchange.ts'
import { replayProgressOf } from '../../apps/gateway/src/sdapi/test-kit/replay-progress.ts'
import type { WireVerdict } from './wire-report.ts'

const FILE = 'progress.jsonl'
/** Replays the recorded sequences of progress. */
export async function replayProgress(folder: string, pictures: RequestPictures): Promise<WireVerdict[]> {
  const verdicts: WireVerdict[] = []
  for (const line of readFileSync(folder + FILE, 'utf8')
    .trim()
    .split('\n')) {
    const entry = parseExactJson(line)
    if (!isExactObject(entry)) continue
    const name = String(entry.get('id'))
    const known = findKnownDifference('progress', name)
    const difference = await replayProgressOf(entry, pictures)
    if (difference === undefined) verdicts.push({ file: FILE, name })
    else if (known === undefined) verdicts.push({ file: FILE, name, difference })
    else {
      const notYet = known.kind === 'later' ? known.reason : `different on purpose: ${known.reason}`
      verdicts.push({ file: FILE, name, notYet })
    }
  }
  return verdicts
}
