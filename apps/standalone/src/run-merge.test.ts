import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runMerge } from './run-merge.ts'

const fixtures = fileURLToPath(new URL('../../gpu-worker/src/merge/__fixtures__/', import.meta.url))
const [a, b] = ['a', 'b'].map((name) => join(fixtures, `${name}.safetensors`)) as [string, string]
const folder = mkdtempSync(join(tmpdir(), 'run-merge-'))

describe('atelier merge', () => {
  it("writes the result under A1111's name into a folder", () => {
    const path = runMerge({ primary: a, secondary: b, multiplier: '0.25', output: folder })
    expect(path).toBe(join(folder, '0.75(a) + 0.25(b).safetensors'))
    expect(existsSync(path)).toBe(true)
  })

  it('writes over no file', () => {
    const output = join(folder, 'mine.safetensors')
    runMerge({ primary: a, secondary: b, output })
    expect(() => runMerge({ primary: a, secondary: b, output })).toThrow('is there already')
  })

  it.each([
    [{}, '--primary names no checkpoint'],
    [
      { primary: a, method: 'average' },
      '--method is one of weighted-sum, add-difference, none, not "average"',
    ],
    [{ primary: a, multiplier: 'half' }, '--multiplier is no number: "half"'],
    [{ primary: a, secondary: '/nowhere.ckpt' }, '--secondary: there is no file /nowhere.ckpt'],
    [{ primary: a, secondary: b, discard: '(' }, '--discard is no pattern: "("'],
    [{ primary: a }, 'the method weighted-sum needs a second checkpoint'],
  ])('says what is wrong with %o', (flags, message) => {
    expect(() => runMerge(flags)).toThrow(message)
  })
})
