import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../onnx/graph-builder.ts'
import { createSession } from '../onnx/session.ts'
import { TEST_SESSION } from '../test-kit.ts'
import { roundToF8, type F8Type } from './round-weight.ts'

// Reference: torch 2.15's conversions and back.
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/f8-rounding.json', import.meta.url), 'utf8'),
) as Record<F8Type | 'values', number[]>

describe('roundToF8', () => {
  it.each(['f8_e4m3fn', 'f8_e5m2'] as const)('rounds to %s as torch does', async (type) => {
    const graph = new GraphBuilder({ path: '/none', sizeBytes: 0, tensors: new Map(), metadata: {} })
    const count = recorded.values.length
    const weight = graph.floats(recorded.values)
    graph.output('rounded', roundToF8(type)(graph, weight), 'F32', [count])
    const session = await createSession(graph.build(), TEST_SESSION)
    const { rounded } = await session.run({})
    await session.release()
    expect([...rounded!.data]).toEqual(recorded[type].map(Math.fround))
  })
})
