import { describe, expect, it } from 'vitest'
import { detectUnet } from '../../checkpoint/detect-unet.ts'
import { readSafetensors } from '../../checkpoint/safetensors.ts'
import { createHalfSession } from '../../onnx/cuda/test-kit/half-session.ts'
import { createSession } from '../../onnx/session.ts'
import type { Session } from '../../onnx/network-session.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { maxDifference, openFixture, readCases, TEST_SESSION, unpackTinyCheckpoint } from '../../test-kit.ts'
import { buildUnet } from '../unet.ts'
import { capReference, reference, referenceInputs, type ReferenceKind } from './reference.ts'

/** Units of sd-webui-controlnet 1.1.455 over the tiny UNet; row 0 is the prompt's, row 1 the negative one's. */
interface Case {
  readonly case: string
  readonly units: readonly { readonly module: string; readonly weight: number; readonly fidelity: number }[]
}

const here = new URL('__fixtures__/', import.meta.url)
const recorded = openFixture(new URL('references.safetensors', here))
const cases = readCases<Case>(new URL('references.jsonl', here))
const file = readSafetensors(unpackTinyCheckpoint())
const config = detectUnet(file, 'model.diffusion_model.')

function toKind({ module, weight }: Case['units'][number]): ReferenceKind {
  return capReference({
    attention: module === 'reference_adain' ? 0 : weight,
    statistics: module === 'reference_only' ? 0 : weight,
  })
}

async function predict({ units }: Case, open: (graph: ReturnType<typeof buildUnet>) => Promise<Session>) {
  const kinds = new Map(units.map((unit, index) => [index, toKind(unit)]))
  const session = await open(buildUnet(file, config, [], [reference(kinds)]))
  const told = units.flatMap(({ fidelity }, index): [string, Tensor][] => {
    const names = referenceInputs(index)
    return [
      [names.latent, recorded.tensor(`reference_${index}`)],
      [names.fidelity, createTensor([2, 1], Float32Array.of(0, fidelity))],
    ]
  })
  const outputs = await session.run({
    latent: recorded.tensor('x'),
    timesteps: recorded.tensor('timesteps'),
    context: recorded.tensor('context'),
    ...Object.fromEntries(told),
  })
  await session.release()
  return outputs['prediction']!
}

describe('a UNet that is shown references', () => {
  it.each(cases)('$case predicts what the original does', async (one) => {
    const output = await predict(one, (graph) => createSession(graph, TEST_SESSION))
    expect(maxDifference(output, recorded.tensor(`${one.case}.out`))).toBeLessThan(3e-5)
  })

  it('predicts so in half precision, as it is written for CUDA', async () => {
    const one = cases.find(({ case: name }) => name === 'two')!
    const output = await predict(one, async (graph) => createHalfSession(graph))
    expect(maxDifference(output, recorded.tensor('two.out'))).toBeLessThan(0.05)
  })

  it('differs from the one that is not', () => {
    for (const { case: name } of cases)
      expect(maxDifference(recorded.tensor(`${name}.out`), recorded.tensor('plain.out'))).toBeGreaterThan(
        0.05,
      )
  })
})
