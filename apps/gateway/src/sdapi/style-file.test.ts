import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readStyleFile } from './style-file.ts'

const path = join(mkdtempSync(join(tmpdir(), 'styles-')), 'styles.csv')
const read = (text: string) => {
  writeFileSync(path, text)
  return readStyleFile(path)
}

describe('readStyleFile', () => {
  it('reads names and both prompts in the order of the file', async () => {
    expect(
      await read('name,prompt,negative_prompt\r\nMoody,dark clouds,bright\r\nNegOnly,,"lowres, jpeg"\r\n'),
    ).toEqual([
      { name: 'Moody', prompt: 'dark clouds', negativePrompt: 'bright' },
      { name: 'NegOnly', prompt: '', negativePrompt: 'lowres, jpeg' },
    ])
  })

  it('reads quotes, line breaks in texts and a byte order mark', async () => {
    expect(await read('\uFEFFname,prompt,negative_prompt\n"A ""b""","line one\nline two",\n')).toEqual([
      { name: 'A "b"', prompt: 'line one\nline two', negativePrompt: '' },
    ])
  })

  it('reads the column of old files', async () => {
    expect(await read('name,text\nOld,watercolour\n')).toEqual([
      { name: 'Old', prompt: 'watercolour', negativePrompt: '' },
    ])
  })

  it('lets a later style of a name replace an earlier one, and passes over those without', async () => {
    expect(await read('name,prompt,negative_prompt\nA,1,\n,nobody,\nA,2,\n')).toEqual([
      { name: 'A', prompt: '2', negativePrompt: '' },
    ])
  })

  it('holds nothing where there is no file', async () => {
    expect(await readStyleFile(`${path}.gone`)).toEqual([])
  })
})
