import { describe, expect, it } from 'vitest'
import type { GraphNode, NodeGraph } from './graph.ts'
import { TempNames } from './temp-names.ts'

const node = (id: string, className = 'PreviewImage') => ({ id, className })
const graphOf = (...nodes: { id: string }[]): NodeGraph =>
  new Map(nodes.map((each) => [each.id, each as GraphNode]))

describe('names of temp files', () => {
  it('keep their letters and go on counting while prompts have the node', () => {
    const names = new TempNames()
    names.begin(graphOf(node('9')))
    const first = names.take(node('9'), 2)
    expect(first).toEqual({ stem: expect.stringMatching(/^ComfyUI_temp_[a-z]{5}$/) as string, number: 1 })
    names.begin(graphOf(node('9'), node('10')))
    expect(names.take(node('9'), 1)).toEqual({ stem: first.stem, number: 3 })
    expect(names.take(node('9'), 1)).toEqual({ stem: first.stem, number: 4 })
    expect(names.take(node('10'), 1)).toMatchObject({ number: 1 })
  })

  it.each([
    ['a prompt was without it', [node('1')]],
    ['its id went to another class', [node('9', 'MaskPreview')]],
  ])('begin anew when %s', (_, between) => {
    const names = new TempNames()
    names.begin(graphOf(node('9')))
    const { stem } = names.take(node('9'), 1)
    names.begin(graphOf(...between))
    names.begin(graphOf(node('9')))
    const again = names.take(node('9'), 1)
    expect(again.number).toBe(1)
    expect(again.stem).not.toBe(stem)
  })
})
