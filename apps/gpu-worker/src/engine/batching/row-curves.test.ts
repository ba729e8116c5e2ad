import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RowCurves, type RowCurvesOptions } from './row-curves.ts'
import { RowLimits } from './row-limits.ts'

const DAY = 24 * 3600 * 1000
const H200 = { runtime: '1.30.0', device: 'NVIDIA H200' }

function openFolder() {
  const path = join(mkdtempSync(join(tmpdir(), 'curves-')), 'data', 'row-curves-cuda0.json')
  const lines: string[] = []
  const open = (changes: Partial<RowCurvesOptions> = {}) =>
    new RowCurves({ path, ...H200, log: (line) => lines.push(line), now: () => 0, ...changes })
  return { path, lines, open }
}

/** Measures calls of 2, 4, … rows of a device that is full at 8. */
function learn(curves: RowCurves, network = 'sd15', kind = '4x64x64') {
  const limits = new RowLimits(curves.of(network))
  for (const rows of [2, 4, 8, 16])
    for (let call = 0; call < 3; call += 1) limits.record(kind, rows, 0.01 * Math.ceil(rows / 8))
  curves.flush()
}

describe('measured row limits on disk', () => {
  it('are where a worker that starts again begins', () => {
    const { open } = openFolder()
    learn(open())
    const limits = new RowLimits(open().of('sd15'))
    expect(limits.limitOf('4x64x64')).toBe(8)
    expect(limits.secondsOf('4x64x64', 8)).toBe(0.01)
  })

  it('hold for one network and one shape', () => {
    const { open } = openFolder()
    learn(open())
    const curves = open()
    expect(new RowLimits(curves.of('sdxl')).limitOf('4x64x64')).toBe(0)
    expect(new RowLimits(curves.of('sd15')).limitOf('4x128x128')).toBe(0)
  })

  it('go on being corrected by calls', () => {
    const { open } = openFolder()
    learn(open())
    const limits = new RowLimits(open().of('sd15'))
    // Another program has taken most of the device: the more rows, the worse.
    for (let call = 0; call < 400; call += 1)
      for (const rows of [2, 4, 8, 16]) limits.record('4x64x64', rows, rows ** 2)
    expect(limits.limitOf('4x64x64')).toBeLessThan(8)
  })

  it.each([
    ['another ONNX Runtime', { runtime: '1.31.0' }],
    ['another device', { device: 'NVIDIA L4' }],
  ])('are measured anew with %s, and one line says so', (_, changes) => {
    const { open, lines } = openFolder()
    learn(open())
    expect(new RowLimits(open(changes).of('sd15')).limitOf('4x64x64')).toBe(0)
    expect(lines).toEqual(['the measured row limits are of another runtime or device and are measured anew'])
  })

  it('are measured anew after a month', () => {
    const { open, lines } = openFolder()
    learn(open())
    expect(new RowLimits(open({ now: () => 29 * DAY }).of('sd15')).limitOf('4x64x64')).toBe(8)
    expect(new RowLimits(open({ now: () => 31 * DAY }).of('sd15')).limitOf('4x64x64')).toBe(0)
    expect(lines).toEqual([])
  })

  it.each([
    ['nothing', ''],
    ['half a file', '{"layout": 1, "runtime": "1.30.0", "device": "NVIDIA H200", "curves": [{"netw'],
    ['another layout', JSON.stringify({ layout: 2, ...H200, curves: [] })],
    ['numbers that are none', JSON.stringify({ layout: 1, ...H200, curves: [{ network: 'a', kind: 'b' }] })],
    [
      'no time at all',
      JSON.stringify({
        ...{ layout: 1, ...H200 },
        curves: [{ network: 'sd15', kind: '4x64x64', measuredAtMs: 0, seconds: [[2, 0]] }],
      }),
    ],
  ])('are measured anew where the file holds %s, and written again', (_, text) => {
    const { path, open, lines } = openFolder()
    learn(open())
    writeFileSync(path, text)
    const curves = open()
    expect(lines).toEqual(['the file of measured row limits cannot be read and is measured anew'])
    expect(new RowLimits(curves.of('sd15')).limitOf('4x64x64')).toBe(0)
    learn(curves)
    expect(new RowLimits(open().of('sd15')).limitOf('4x64x64')).toBe(8)
  })

  it('write nothing while nothing notable changes', () => {
    const { path, open } = openFolder()
    learn(open())
    const curves = open()
    writeFileSync(path, 'untouched')
    const limits = new RowLimits(curves.of('sd15'))
    limits.record('4x64x64', 8, 0.0101)
    limits.record('4x64x64', 8, 0.0101)
    curves.flush()
    expect(readFileSync(path, 'utf8')).toBe('untouched')
  })

  it('keep the shapes that were measured last', () => {
    const { open } = openFolder()
    const curves = open()
    for (let shape = 0; shape < 600; shape += 1) {
      const limits = new RowLimits(curves.of('sd15'))
      limits.record(`${shape}`, 2, 1)
      limits.record(`${shape}`, 2, 1)
    }
    curves.flush()
    const again = open()
    expect(new RowLimits(again.of('sd15')).limitOf('0')).toBe(0)
    expect(new RowLimits(again.of('sd15')).limitOf('599')).toBe(4)
  })

  it('say once that they cannot be kept, and go on', () => {
    const { path, lines, open } = openFolder()
    const file = join(path, '..', '..', 'a-file')
    writeFileSync(file, '')
    const curves = open({ path: join(file, 'curves.json') })
    learn(curves)
    learn(curves, 'sdxl')
    expect(lines).toEqual(['the measured row limits cannot be kept'])
    expect(existsSync(path)).toBe(false)
  })
})
