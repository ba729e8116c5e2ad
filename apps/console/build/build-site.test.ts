import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildSite } from './build-site.ts'

/** Most that a browser loads before it shows anything, bytes: half a second on a slow line. */
const MAX_COMPRESSED = 60_000

describe('the built page', () => {
  let folder: string
  let page: string
  let assets: Record<string, string>
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atelier-site-'))
    await buildSite(folder)
    page = await readFile(join(folder, 'index.html'), 'utf8')
    const names = await readdir(join(folder, 'console', 'assets'))
    const read = async (name: string) => [
      name,
      await readFile(join(folder, 'console', 'assets', name), 'utf8'),
    ]
    assets = Object.fromEntries((await Promise.all(names.map(read))) as [string, string][])
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('has neither script nor style inside, which its policy would not let run', () => {
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/)
  })

  it('names its files relative to itself, so that a proxy may put it anywhere', () => {
    const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address)
    expect(addresses.filter((address) => !/^(\.\/console\/assets\/[\w.-]+|docs)$/.test(address!))).toEqual([])
  })

  it('gives every file a name that changes with what is in it', () => {
    expect(Object.keys(assets).filter((name) => !/-[\w-]{8}\.(js|css|svg)$/.test(name))).toEqual([])
  })

  it('loads nothing from elsewhere, no tables or schemas of the servers, and is small', () => {
    const text = Object.values(assets).join('\n')
    const elsewhere = [...text.matchAll(/https?:\/\/[\w.-]+/g)].map(([address]) => address)
    // Names of languages that drawings are written in.
    expect(elsewhere.filter((address) => address !== 'http://www.w3.org')).toEqual([])
    expect(text).not.toContain('ZodError')
    expect(gzipSync(text).byteLength).toBeLessThan(MAX_COMPRESSED)
  })
})
