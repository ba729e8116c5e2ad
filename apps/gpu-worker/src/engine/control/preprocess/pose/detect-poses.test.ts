import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Pixels } from '../../../image/pixels.ts'
import { createTensor, type Tensor } from '../../../tensor/tensor.ts'
import type { PreprocessNetwork } from '../preprocess-network.ts'
import { detectPoses, type PoseNetworks } from './detect-poses.ts'

/** A cell of the detector's answer: its number, box, sureness, class and the class's score. */
type Cell = readonly [cell: number, box: readonly number[], sureness: number, kind: number, score: number]

/** What the extension's own code made of networks whose answers are given; some of what it showed them. */
interface Case {
  readonly name: string
  readonly width: number
  readonly height: number
  readonly cells: readonly Cell[]
  readonly people: readonly Readonly<Record<string, readonly number[] | null>>[]
  readonly inputs: { readonly det?: readonly number[][]; readonly pose?: readonly number[][] }
}

const cases = JSON.parse(
  readFileSync(new URL('__fixtures__/dw-poses.json', import.meta.url), 'utf8'),
) as readonly Case[]

function detectorAnswer(cells: readonly Cell[]): Tensor {
  const answer = createTensor([1, 8400, 85])
  for (let cell = 0; cell < 8400; cell += 1) answer.data[cell * 85 + 4] = 0.01
  for (const [cell, box, sureness, kind, score] of cells) {
    answer.data.set([...box, sureness], cell * 85)
    answer.data[cell * 85 + 5 + kind] = score
  }
  return answer
}

/** Peaks by a formula, others for each call. */
function jointsAnswer(call: number): readonly Tensor[] {
  return (
    [
      [576, 37, 11],
      [768, 53, 29],
    ] as const
  ).map(([width, a, b]) => {
    const answer = createTensor([1, 133, width])
    for (let joint = 0; joint < 133; joint += 1) {
      const at = (a * joint + b * call * 7 + joint * joint) % width
      answer.data[joint * width + at] = joint % 17 === 3 ? 0 : ((joint * 13 + call * 5) % 100) / 100 + 0.05
    }
    return answer
  })
}

function createNetworks(cells: readonly Cell[]) {
  const shown = { det: [] as Tensor[], pose: [] as Tensor[] }
  const network = (seen: Tensor[], answer: (call: number) => readonly Tensor[]): PreprocessNetwork => ({
    size: async () => undefined,
    run: async () => createTensor([1]),
    runAll: async (image) => answer(seen.push(image) - 1),
  })
  const networks: PoseNetworks = {
    detector: network(shown.det, () => [detectorAnswer(cells)]),
    joints: network(shown.pose, jointsAnswer),
  }
  return { shown, networks }
}

function drawPicture({ width, height }: Case): Pixels {
  const data = new Uint8Array(3 * width * height)
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      data.set(
        [(x * 3 + y) % 256, (y * 5) % 256, ((Math.floor(x / 16) + Math.floor(y / 16)) % 2) * 200],
        3 * (y * width + x),
      )
  return { width, height, channels: 3, data }
}

/** Samples spread over a tensor, as the recording took them. */
function pickSamples({ data }: Tensor): number[] {
  const step = Math.max(1, Math.floor(data.length / 40))
  return Array.from({ length: 40 }, (_, i) => data[i * step]!)
}

describe('poses of people', () => {
  it.each(cases)('are those the extension finds: $name', async (one) => {
    const { shown, networks } = createNetworks(one.cells)
    const { json, picture } = await detectPoses(drawPicture(one), Math.min(one.width, one.height), networks)
    const found = JSON.parse(json) as { people: Case['people']; canvas_width: number; canvas_height: number }
    expect([found.canvas_width, found.canvas_height]).toEqual([one.width, one.height])
    expect([picture.width, picture.height]).toEqual([one.width, one.height])
    expect(found.people).toHaveLength(one.people.length)
    for (const [index, person] of one.people.entries())
      for (const [part, numbers] of Object.entries(person)) {
        const own = found.people[index]![part] ?? null
        expect(own === null, part).toBe(numbers === null)
        for (const [i, value] of (numbers ?? []).entries())
          expect(Math.abs(own![i]! - value), `${part} ${i}`).toBeLessThan(1e-3)
      }
    expect(picture.data.some((value) => value > 0)).toBe(one.people.length > 0)
    // OpenCV samples in fixed point, at places rounded to 1/32 of a pixel: levels apart where the picture jumps.
    for (const [kind, tolerance] of [
      ['det', 1.01],
      ['pose', 0.2],
    ] as const)
      for (const [call, samples] of (one.inputs[kind] ?? []).entries())
        for (const [i, value] of pickSamples(shown[kind][call] ?? createTensor([1])).entries())
          expect(Math.abs(value - samples[i]!), `${kind} ${call} ${i}`).toBeLessThanOrEqual(tolerance)
  })

  it('are refused from networks that answer something else', async () => {
    const { networks } = createNetworks([])
    const other = { ...networks, detector: networks.joints }
    await expect(detectPoses(drawPicture(cases[3]!), 128, other)).rejects.toThrow('not 1x8400x85')
  })
})
