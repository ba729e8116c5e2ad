import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// containers.e2e.test.ts builds the images, where somebody asks for it; what their files name must be there and fit together
// everywhere.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const readManifest = (folder: string) =>
  JSON.parse(read(`${folder}/package.json`)) as { name: string; dependencies?: Record<string, string> }

/** Instructions of a Dockerfile, continued lines joined. */
function readDockerfile(name: string) {
  const lines = read(`deploy/${name}`)
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^(\S+)\s+(.*)$/.exec(line))
  return lines.flatMap((match) => (match ? [{ word: match[1]!, rest: match[2]!.trim() }] : []))
}

const FOLDERS = ['proto', 'packages/catalog', 'packages/ledger', 'packages/telemetry']
const IMAGES = [
  { file: 'gateway.Dockerfile', app: 'apps/gateway' },
  { file: 'worker.Dockerfile', app: 'apps/gpu-worker' },
]

describe.each(IMAGES)('deploy/$file', ({ file, app }) => {
  const instructions = readDockerfile(file)
  const copied = instructions
    .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from='))
    .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1))

  it('copies what is there, and nothing that is kept out of the build', () => {
    const ignored = read('.dockerignore').trim().split('\n')
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(copied.filter((path) => ignored.includes(path.split('/')[0]!))).toEqual([])
  })

  it('holds the app and every workspace it needs, and installs each', () => {
    const needed = [app, ...FOLDERS]
    const own = new Set(needed.map((folder) => readManifest(folder).name))
    const asked = needed.flatMap((folder) => Object.keys(readManifest(folder).dependencies ?? {}))
    expect(asked.filter((name) => name.startsWith('@atelier/') && !own.has(name))).toEqual([])
    expect(copied).toEqual(expect.arrayContaining(needed))
    expect(copied).toEqual(expect.arrayContaining(needed.map((folder) => `${folder}/package.json`)))
    const install = instructions.find(({ rest }) => rest.startsWith('npm ci'))?.rest ?? ''
    expect(new Set([...install.matchAll(/--workspace (\S+)/g)].map(([, name]) => name))).toEqual(own)
  })

  it('keeps out of the build what only tests read', () => {
    expect(read('.dockerignore').split('\n')).toEqual(
      expect.arrayContaining(['**/*.test.ts', '**/__fixtures__', '**/test-kit']),
    )
  })

  it('takes the settings of npm along: no package runs code while it is installed', () => {
    expect(copied).toContain('.npmrc')
    expect(read('.npmrc')).toContain('ignore-scripts=true')
  })

  it('starts a program it holds', () => {
    const command = JSON.parse(instructions.find(({ word }) => word === 'CMD')!.rest) as string[]
    expect(command).toEqual(['node', `${app}/src/main.ts`])
    expect(existsSync(join(ROOT, command[1]!))).toBe(true)
    // The first that strips types by itself, in its newest form.
    expect(instructions.at(-1)?.word).toBe('CMD')
    expect(instructions.filter(({ word }) => word === 'FROM').at(-1)?.rest).toBe('node:22-bookworm-slim')
  })
})
