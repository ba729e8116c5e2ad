import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestSources } from './digest-sources.ts'

describe('digestSources', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atelier-sources-'))
    await mkdir(join(folder, 'src', 'ui'), { recursive: true })
    await writeFile(join(folder, 'index.html'), '<p>')
    await writeFile(join(folder, 'src', 'ui', 'a.ts'), 'a')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('changes with contents and names of sources', async () => {
    const seen = new Set([await digestSources(folder)])
    await writeFile(join(folder, 'src', 'ui', 'a.ts'), 'b')
    seen.add(await digestSources(folder))
    await writeFile(join(folder, 'src', 'ui', 'b.ts'), '')
    seen.add(await digestSources(folder))
    await rm(join(folder, 'index.html'))
    seen.add(await digestSources(folder))
    expect(seen.size).toBe(4)
  })

  it('does not change with times, tests and what was built', async () => {
    const before = await digestSources(folder)
    await utimes(join(folder, 'index.html'), 1, 1)
    await writeFile(join(folder, 'src', 'a.test.ts'), 'test')
    await mkdir(join(folder, 'dist'))
    await writeFile(join(folder, 'dist', 'index.html'), 'built')
    expect(await digestSources(folder)).toBe(before)
  })
})
