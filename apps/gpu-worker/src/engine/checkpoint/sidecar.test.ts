import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../models/checkpoint-source.ts'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import { CheckpointError } from './checkpoint-error.ts'
import { findSidecar, withSidecar } from './sidecar.ts'
import type { WeightFile } from './weight-file.ts'

/** The parts of Stability's v2-inference-v.yaml that say something of the model. */
const V2 = `model:
  base_learning_rate: 1.0e-4
  target: ldm.models.diffusion.ddpm.LatentDiffusion
  params:
    parameterization: "v"
    linear_start: 0.00085
    linear_end: 0.0120
    num_timesteps_cond: 1
    timesteps: 1000
    scale_factor: 0.18215
    use_ema: False
`
/** Those of an SDXL that predicts velocities. */
const XL = `model:
  target: sgm.models.diffusion.DiffusionEngine
  params:
    scale_factor: 0.13025
    denoiser_config:
      target: sgm.modules.diffusionmodules.denoiser.DiscreteDenoiser
      params:
        scaling_config:
          target: sgm.modules.diffusionmodules.denoiser_scaling.VScaling
`

/** A checkpoint with nothing in it, in a folder of its own, and a way to put a configuration beside it. */
function makePlace() {
  const folder = mkdtempSync(join(tmpdir(), 'sidecar-'))
  const path = join(folder, 'model.safetensors')
  const file: WeightFile = { path, sizeBytes: 0, tensors: new Map(), metadata: {} }
  const sidecar = join(folder, 'model.yaml')
  return { file, sidecar, write: (text: string) => writeFileSync(sidecar, text) }
}

describe('a configuration beside a checkpoint', () => {
  it('is found by the checkpoint’s name', () => {
    const { file, sidecar, write } = makePlace()
    expect(findSidecar(file.path)).toBeUndefined()
    expect(withSidecar(file)).toBe(file)
    write(V2)
    expect(findSidecar(file.path)).toBe(sidecar)
    expect(findSidecar(sidecar)).toBeUndefined()
  })

  it.each([
    ['velocities of an SD2', V2, 'v', 0.18215],
    ['velocities of an SDXL', XL, 'v', 0.13025],
    ['noise', V2.replace('"v"', 'eps'), 'epsilon', 0.18215],
  ])('says what is predicted, and the scale of latents: %s', (_, text, prediction, factor) => {
    const { file, write } = makePlace()
    write(text)
    expect(withSidecar(file).declared).toEqual({
      prediction: { prediction, schedule: { kind: 'scaled-linear' } },
      latents: { factor },
    })
  })

  it('leaves open what it does not say', () => {
    const { file, write } = makePlace()
    write('model:\n  params:\n    monitor: val/loss\n')
    expect(withSidecar(file).declared).toEqual({})
  })

  it.each([
    ['no YAML', 'model: [', /no YAML/],
    ['other betas', V2.replace('0.0120', '0.02'), /linear_end is 0.02, not 0.012/],
    ['another parameterization', V2.replace('"v"', 'w'), /parameterization is "w"/],
    ['many kilobytes', `# ${'x'.repeat(300_000)}`, /bytes/],
    [
      'references that grow',
      `a: &a [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 8 }, (_, i) => {
        const name = String.fromCharCode(97 + i)
        return `${String.fromCharCode(98 + i)}: &${String.fromCharCode(98 + i)} [${`*${name}, `.repeat(9)}]`
      }).join('\n')}`,
      /no YAML/,
    ],
  ])('is refused, by its own name, with %s', (_, text, message) => {
    const { file, write } = makePlace()
    write(text)
    const read = () => withSidecar(file)
    expect(read).toThrow(CheckpointError)
    expect(read).toThrow(message)
    expect(read).toThrow('model.yaml')
  })

  it('decides what a whole checkpoint predicts', () => {
    const path = unpackTinyCheckpoint()
    expect(openCheckpoint(path).detected.prediction).toBe('epsilon')
    writeFileSync(path.replace('.safetensors', '.yaml'), V2)
    expect(openCheckpoint(path).detected.prediction).toBe('v')
  })
})
