import { InputFile } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { parseGraph } from './graph.ts'
import { findChanges, withChanges } from './node-changes.ts'

const GRAPH =
  '{"9": {"class_type": "LoadImage", "inputs": {"image": "a.png"}}, "1": {"class_type": "LoadImage", "inputs": {"image": "gone.png"}}, "2": {"class_type": "LoadImage", "inputs": {"image": "a.png"}, "is_changed": "mine"}}'
const files = [InputFile.fromPartial({ reference: 'a.png', blob: { key: 'k', sha256: 'abc' } })]

describe('findChanges', () => {
  it('names the bytes of loaded pictures, unless the client says what changed', () => {
    expect([...findChanges(parseGraph(GRAPH), files)]).toEqual([
      ['9', ['abc']],
      ['2', 'mine'],
    ])
  })

  it('is no matter of the client where a class depends on its inputs alone', () => {
    const graph = parseGraph('{"1": {"class_type": "EmptyImage", "inputs": {}, "is_changed": "mine"}}')
    expect(findChanges(graph, [])).toEqual(new Map())
  })

  it('is new every time for a node that is to run every time', () => {
    const graph = parseGraph('{"1": {"class_type": "SaveImageWebsocket", "inputs": {}}}')
    expect(findChanges(graph, [])).not.toEqual(findChanges(graph, []))
  })
})

describe('withChanges', () => {
  it('notes the changes in the graph that goes into PNG files, and keeps its order', () => {
    expect(withChanges(GRAPH, findChanges(parseGraph(GRAPH), files))).toBe(
      GRAPH.replace('"a.png"}}', '"a.png"}, "is_changed": ["abc"]}'),
    )
  })

  it('leaves a graph without changes as it is', () => {
    expect(withChanges(GRAPH, new Map())).toBe(GRAPH)
  })
})
