import { describe, expect, it } from 'vitest'
import { drawStrokes } from './draw-mask.ts'

/** A context that writes down what is done with it. */
function record() {
  const done: string[] = []
  const state: Record<string, unknown> = {}
  const tell =
    (name: string) =>
    (...values: number[]) =>
      void done.push(`${name} ${values.join(' ')}`.trim())
  const context = {
    ...{ moveTo: tell('move'), lineTo: tell('line'), beginPath: tell('begin') },
    stroke: () => {
      done.push(`stroke ${String(state['lineWidth'])} ${String(state['globalCompositeOperation'])}`)
    },
  }
  for (const name of ['lineCap', 'lineJoin', 'strokeStyle', 'lineWidth', 'globalCompositeOperation'])
    Object.defineProperty(context, name, {
      get: () => state[name],
      set: (value: unknown) => {
        state[name] = value
      },
    })
  return { done, state, context: context as unknown as CanvasRenderingContext2D }
}

describe('strokes of a mask', () => {
  it('are lines through their points, as wide as their brush', () => {
    const { done, state, context } = record()
    const points = [
      [1, 2],
      [3, 4],
      [5, 6],
    ] as const
    drawStrokes(context, [{ points, diameter: 9, isErasing: false }], '#fff')
    expect(done).toEqual(['begin', 'move 1 2', 'line 3 4', 'line 5 6', 'stroke 9 source-over'])
    expect([state['lineCap'], state['lineJoin'], state['strokeStyle']]).toEqual(['round', 'round', '#fff'])
  })

  it('of one point are a dot', () => {
    const { done, context } = record()
    drawStrokes(context, [{ points: [[1, 2]], diameter: 9, isErasing: false }], '#fff')
    expect(done).toEqual(['begin', 'move 1 2', 'line 1 2', 'stroke 9 source-over'])
  })

  it('take away what lies under them where they erase, and nothing after that', () => {
    const { done, state, context } = record()
    const points = [[1, 2]] as const
    drawStrokes(
      context,
      [
        { points, diameter: 3, isErasing: true },
        { points: [], diameter: 3, isErasing: true },
      ],
      '#fff',
    )
    expect(done.filter((one) => one.startsWith('stroke'))).toEqual(['stroke 3 destination-out'])
    expect(state['globalCompositeOperation']).toBe('source-over')
  })
})
