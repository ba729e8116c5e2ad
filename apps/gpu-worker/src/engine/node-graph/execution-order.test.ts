import { describe, expect, it } from 'vitest'
import { ExecutionOrder } from './execution-order.ts'
import { parseGraph } from './graph.ts'

type Nodes = Readonly<Record<string, readonly [className: string, inputs: Readonly<Record<string, unknown>>]>>

function listOrder(nodes: Nodes, outputs: readonly string[], done: readonly string[] = []): string[] {
  const graph = Object.entries(nodes).map(([id, [class_type, inputs]]) => [id, { class_type, inputs }])
  const order = new ExecutionOrder(parseGraph(JSON.stringify(Object.fromEntries(graph))), (id) =>
    done.includes(id),
  )
  for (const output of outputs) order.add(output)
  const list: string[] = []
  for (let id = order.next(); id !== undefined; id = order.next()) {
    list.push(id)
    order.complete(id)
  }
  return list
}

// Orders in which ComfyUI 0.3.64 ran the nodes.
describe('ExecutionOrder', () => {
  const composite: Nodes = {
    '1': ['EmptyImage', {}],
    '2': ['EmptyImage', {}],
    '5': ['SolidMask', {}],
    '3': ['JoinImageWithAlpha', { image: ['1', 0], alpha: ['5', 0] }],
    '4': [
      'PorterDuffImageComposite',
      { source: ['1', 0], source_alpha: ['5', 0], destination: ['2', 0], destination_alpha: ['5', 0] },
    ],
    '6': ['PreviewImage', { images: ['4', 0] }],
  }

  it('finds a node that two inputs take by the later of them', () => {
    expect(listOrder(composite, ['6'])).toEqual(['5', '2', '1', '4', '6'])
  })

  it('leaves out what is cached, and what only that needs', () => {
    expect(listOrder(composite, ['6'], ['5'])).toEqual(['2', '1', '4', '6'])
    expect(listOrder(composite, ['6'], ['4'])).toEqual(['6'])
    expect(listOrder(composite, ['6'], ['6'])).toEqual([])
  })

  it('runs sooner what lets an output run', () => {
    const nodes: Nodes = {
      a: ['EmptyImage', {}],
      b: ['ImageInvert', { image: ['a', 0] }],
      c: ['ImageInvert', { image: ['b', 0] }],
      far: ['PreviewImage', { images: ['c', 0] }],
      near: ['PreviewImage', { images: ['a', 0] }],
    }
    expect(listOrder(nodes, ['far', 'near'])).toEqual(['a', 'near', 'b', 'c', 'far'])
  })
})
