import { readFileSync } from 'node:fs'
import { toRecordedOptions } from '../../apps/gateway/src/sdapi/test-kit/recorded-set.ts'
import { replayFilename } from '../../apps/gateway/src/sdapi/test-kit/replay-filenames.ts'
import { openTestGateway } from '../../apps/gateway/src/sdapi/test-kit/test-gateway.ts'
import { drawWithMetadata } from './webui-draw.ts'
import type { WireVerdict } from './wire-report.ts'

const FILE = 'filenames.jsonl'
/** Replays the recorded requests that save pictures, in their order, and compares the names of the new files. */
export async function replayFilenames(folder: string): Promise<WireVerdict[]> {
  const gateway = await openTestGateway({ ...toRecordedOptions('filenames'), draw: drawWithMetadata })
  const verdicts: WireVerdict[] = []
  for (const [index, line] of readFileSync(folder + FILE, 'utf8')
    .trim()
    .split('\n')
    .entries()) {
    const difference = await replayFilename(gateway, line)
    verdicts.push({
      file: FILE,
      name: `row ${index + 1}`,
      ...(difference === undefined ? {} : { difference }),
    })
  }
  await gateway.close()
  return verdicts
}
