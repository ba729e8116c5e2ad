import { readFileSync } from 'node:fs'
import { isExactObject, parseExactJson } from '@atelier/catalog/exact-json'
import { describe, expect, it } from 'vitest'
import type { RequestPictures } from '../test-kit/recorded-exchange.ts'
import { replayProgressOf } from '../test-kit/replay-progress.ts'

// Recorded from A1111 v1.10.1: the bodies of `progress` while a job runs, those after it, and those of `internal/progress`.
const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
const pictures = JSON.parse(read('../__fixtures__/request-images.json')) as RequestPictures
const entries = read('__fixtures__/progress.jsonl')
  .trim()
  .split('\n')
  .map(parseExactJson)
  .filter(isExactObject)

describe('the recorded progress', () => {
  it.each(entries.map((entry) => ({ entry, id: String(entry.get('id')) })))('of $id', async ({ entry }) => {
    expect(await replayProgressOf(entry, pictures)).toBeUndefined()
  })
})
