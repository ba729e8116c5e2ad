import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface LockEntry {
  readonly resolved?: string
  readonly link?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const { packages } = JSON.parse(
  readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8'),
) as { packages: Readonly<Record<string, LockEntry>> }

/** Where npm installs a package that is asked for from a place: the nearest folder upwards that has it. */
function locate(name: string, from: string): string | undefined {
  for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('/node_modules')))) {
    const path = place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`
    if (packages[path] !== undefined) return packages[path].link === true ? packages[path].resolved : path
    if (place === '') return undefined
    if (!place.includes('/node_modules')) place = ''
  }
}

/** Everything that installing a workspace installs, by its place. */
function listInstalled(workspace: string): Set<string> {
  const seen = new Set<string>()
  const waiting = [workspace]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (seen.has(place)) continue
    seen.add(place)
    const { dependencies, optionalDependencies, peerDependencies } = packages[place] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const found = locate(name, place)
      if (found !== undefined) waiting.push(found)
    }
  }
  return seen
}

describe('what the gateway installs', () => {
  it('holds no ONNX Runtime and nothing of the worker', () => {
    const installed = [...listInstalled('apps/gateway')]
    expect(installed).toContain('packages/ledger')
    expect(installed).toContain('node_modules/hono')
    expect(installed.filter((place) => /onnxruntime|gpu-worker/.test(place))).toEqual([])
  })

  it('would be found if it did: the worker installs it', () => {
    expect([...listInstalled('apps/gpu-worker')]).toContain('node_modules/onnxruntime-node')
  })
})
