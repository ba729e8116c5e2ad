import { NODE_DEFINITIONS } from '@atelier/catalog/nodes'
import { describe, expect, it } from 'vitest'
import { openFixture, readCases } from '../test-kit.ts'
import { NODE_EXECUTIONS } from './index.ts'
import {
  differenceOf,
  runNodeCase,
  toleranceOf,
  type NodeCase,
  type RecordedNodes,
} from './test-kit/recorded-nodes.ts'

const here = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const recorded: RecordedNodes = {
  tensors: openFixture(here('nodes.safetensors')),
  inputPath: (name) => here(name.replace('sub/', '')),
}
const cases = readCases<NodeCase>(here('nodes.jsonl'))

describe('nodes compute what the original computes', () => {
  it.each(cases.filter(({ error }) => error === undefined))('$node, case $n', async (row) => {
    const outputs = await runNodeCase(row, recorded)
    const worst = row.outputs!.map((value, slot) => differenceOf(outputs[slot], value, recorded))
    expect(outputs).toHaveLength(worst.length)
    expect(Math.max(...worst)).toBeLessThanOrEqual(toleranceOf(row))
  })

  it.each(cases.filter(({ error }) => error !== undefined))('$node fails in case $n', async (row) => {
    // Only pictures that cannot be read are told in the original's words.
    const message = row.node.startsWith('LoadImage') ? row.error!.message.replace('<BASE>', '') : /./
    await expect(runNodeCase(row, recorded)).rejects.toThrow(message)
  })
})

describe('the node classes', () => {
  it('that are served are those that can be run', () => {
    expect([...NODE_EXECUTIONS.keys()].sort()).toEqual(
      NODE_DEFINITIONS.map(({ className }) => className).sort(),
    )
  })
})
