import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSafetensors } from '../engine/checkpoint/safetensors.ts'
import { readTensorBytes } from '../engine/checkpoint/weight-file.ts'
import { readCases } from '../engine/test-kit.ts'
import { mergeCheckpoints } from './merge-checkpoints.ts'
import { nameMerge, type MergeRequest } from './merge-plan.ts'
import { runRecordedMerge, toMergeRequest, type RecordedMerge } from './test-kit.ts'

const folder = new URL('__fixtures__/', import.meta.url).pathname
const cases = readCases<RecordedMerge>(new URL('__fixtures__/merges.jsonl', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'merge-'))
const pathIn = (name: string) => join(work, `${name}.safetensors`)

describe('merged checkpoints', () => {
  it.each(cases.filter((one) => one.error === undefined))(
    '$case has the bytes of the original',
    (recorded) => {
      const merged = runRecordedMerge(recorded, folder, work)
      expect(merged.differing).toEqual([])
      if (recorded.case === 'weighted_0.3') expect(merged.name).toBe(recorded.file_name)
    },
  )

  it.each(cases.filter((one) => one.error !== undefined))('$case is refused in its words', (recorded) => {
    const message = recorded.error!.replace(/^\w+: /, '')
    expect(() => mergeCheckpoints(toMergeRequest(recorded, folder), pathIn)).toThrow(message)
  })

  it('leave nothing behind when they fail', () => {
    const request = {
      ...toMergeRequest(
        cases.find((one) => one.error)!,
        folder,
      ),
    }
    const empty = mkdtempSync(join(tmpdir(), 'merge-'))
    expect(() => mergeCheckpoints(request, (name) => join(empty, name))).toThrow()
    expect(readdirSync(empty)).toEqual([])
  })

  it('of tensors whose shapes differ otherwise are refused by name', () => {
    const request = toMergeRequest({ ...cases[0]!, primary: 'a_inpaint', secondary: 'a_pix2pix' }, folder)
    expect(() => mergeCheckpoints(request, pathIn)).toThrow(
      /input_blocks\.0\.0\.weight" is \[8, 9, 3, 3\], that of .*a_pix2pix/,
    )
  })

  it('need the checkpoints that their method is of', () => {
    const request: MergeRequest = {
      ...toMergeRequest(cases[0]!, folder),
      ...{ method: 'add-difference', tertiary: undefined },
    }
    expect(() => mergeCheckpoints(request, pathIn)).toThrow('needs a third checkpoint')
  })

  it('of a share of 0 are the first', () => {
    const request = { ...toMergeRequest(cases[0]!, folder), multiplier: 0 }
    const path = mergeCheckpoints(request, () => pathIn('nothing'))
    const [own, first] = [readSafetensors(path), readSafetensors(`${folder}a.safetensors`)]
    for (const [name, entry] of first.tensors)
      expect(
        Buffer.compare(readTensorBytes(own, own.tensors.get(name)!), readTensorBytes(first, entry)),
      ).toBe(0)
  })
})

describe('names of merged checkpoints', () => {
  const base = { primary: '/x/a.safetensors', secondary: 'b.ckpt', tertiary: 'sub/c.pt', savesHalf: false }
  it.each([
    [{ method: 'weighted-sum', multiplier: 0.3 }, '0.7(a) + 0.3(b)'],
    [{ method: 'weighted-sum', multiplier: 1 }, '0.0(a) + 1.0(b)'],
    [{ method: 'weighted-sum', multiplier: 0.125 }, '0.88(a) + 0.12(b)'],
    [{ method: 'add-difference', multiplier: 0.6 }, 'a + 0.6(b - c)'],
    [{ method: 'none', multiplier: 0.6 }, 'a'],
  ] as const)('%o is %s', (more, name) => {
    expect(nameMerge({ ...base, ...more })).toBe(name)
  })
})
