import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { toRecordedOptions } from '../test-kit/recorded-set.ts'
import { replayFilename } from '../test-kit/replay-filenames.ts'
import { openTestGateway } from '../test-kit/test-gateway.ts'

// Recorded from A1111 v1.10.1, in its order: the files that `save_images` writes under the patterns of the options.
const recording = readFileSync(new URL('__fixtures__/filenames.jsonl', import.meta.url), 'utf8')
const rows = recording
  .trim()
  .split('\n')
  .map((line, index) => ({ line, name: `row ${index + 1}` }))

describe('the recorded names of saved pictures', async () => {
  const gateway = await openTestGateway(toRecordedOptions('filenames'))
  afterAll(() => gateway.close())
  it.each(rows)('$name', async ({ line }) => {
    expect(await replayFilename(gateway, line)).toBeUndefined()
  })
})
