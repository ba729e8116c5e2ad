import { describe, expect, it } from 'vitest'
import { parseWorkerConfig } from '../config.ts'
import { readEngineConfig } from './config.ts'
import { engineSettings } from './settings.ts'

const GIB = 2 ** 30
const GPU = {
  ATELIER_DEVICE: 'cuda:1',
  ATELIER_DEVICE_TITLE: 'H200',
  ATELIER_DEVICE_MEMORY_BYTES: String(100 * GIB),
}

describe('settings of an engine', () => {
  it('are the same as its supervisor has, with the same defaults', () => {
    const config = parseWorkerConfig({})
    for (const [name, schema] of Object.entries(engineSettings))
      expect([name, config[name as keyof typeof config]]).toEqual([name, schema.parse(undefined)])
  })

  it('on a CPU are for one job at a time, calls of any number of rows, one after another', () => {
    expect(readEngineConfig({ ATELIER_THREADS: '3', ATELIER_DATA: '/var/atelier' })).toMatchObject({
      ...{
        device: 'cpu',
        threads: 3,
        slots: 1,
        fillsBuckets: false,
        takesTurns: false,
        joinsControls: false,
      },
      ...{ rowCurvesPath: '/var/atelier/row-curves-cpu.json', nodeCache: { kind: 'newest-prompt' } },
    })
  })

  it('on a GPU are for several jobs, with the device’s own memory', () => {
    expect(readEngineConfig(GPU)).toMatchObject({
      ...{ device: 'cuda:1', title: 'H200', slots: 8, cudaCalls: 'captured', maxWholePixels: Infinity },
      ...{ fillsBuckets: true, takesTurns: true, joinsControls: true },
      // Half precision counts as f32.
      ...{ budgetBytes: 0.6 * 100 * GIB * 2, rowCurvesPath: 'data/row-curves-cuda1.json' },
    })
  })

  it('say what is set instead', () => {
    const set = {
      ...{ ATELIER_MODEL_MEMORY_GB: '4', ATELIER_SLOTS: '2', ATELIER_MAX_WHOLE_MEGAPIXELS: '0.5' },
      ...{ ATELIER_NODE_CACHE: 'recent:5', ATELIER_CUDA_CALLS: 'binding' },
    }
    expect(readEngineConfig({ ...GPU, ...set })).toMatchObject({
      ...{ budgetBytes: 8 * GIB, slots: 2, maxWholePixels: 2 ** 19, cudaCalls: 'binding' },
      // The binding blocks the engine: nothing is worked out meanwhile.
      ...{ takesTurns: false, joinsControls: true, nodeCache: { kind: 'recent', size: 5 } },
    })
    expect(readEngineConfig({ ATELIER_MODEL_MEMORY_GB: '4' }).budgetBytes).toBe(4 * GIB)
  })

  it('are refused by both when they are wrong', () => {
    const wrong = { ATELIER_THREADS: '-1', ATELIER_DEVICE: 'cuda', ATELIER_NODE_CACHE: 'recent:0' }
    expect(() => readEngineConfig(wrong)).toThrow(/ATELIER_DEVICE[^]*ATELIER_NODE_CACHE[^]*ATELIER_THREADS/)
    expect(() => parseWorkerConfig(wrong)).toThrow(/ATELIER_DEVICE[^]*ATELIER_NODE_CACHE[^]*ATELIER_THREADS/)
  })
})
