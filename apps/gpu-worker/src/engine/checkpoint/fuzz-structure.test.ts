import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readModules } from '../adapters/read-modules.ts'
import { detectControl } from '../networks/control/detect-control.ts'
import { detectUpscaler } from '../networks/upscalers/detect-upscaler.ts'
import { findTinyLayers } from '../networks/tiny-vae.ts'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import { readEmbeddingFile } from '../text-encode/embedding-file.ts'
import { EmbeddingError, readWebuiEmbedding } from '../text-encode/textual-inversion.ts'
import { CheckpointError } from './checkpoint-error.ts'
import { detectModel } from './detect-model.ts'
import { detectVae } from './detect-vae.ts'
import { readSafetensors } from './safetensors.ts'
import { withSidecar } from './sidecar.ts'
import { openTextWeights } from './text-names.ts'
import type { TensorEntry, WeightFile } from './weight-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'fuzz-structure-'))
const tiny = readSafetensors(unpackTinyCheckpoint())
const names = [...tiny.tensors.keys()]

/** Whatever a function is given: it ends, or refuses with an error of ours that names the file. */
function endsOrRefuses(run: () => unknown, path?: string): void {
  try {
    run()
  } catch (error) {
    expect(error instanceof CheckpointError || error instanceof EmbeddingError, String(error)).toBe(true)
    if (error instanceof CheckpointError && path !== undefined) expect(error.message).toContain(path)
  }
}

type Change = (tensors: Map<string, TensorEntry>) => void

const place = fc.nat(names.length - 1).map((i) => names[i]!)
const size = fc.oneof(fc.nat(8), fc.constantFrom(31, 32, 64, 77, 320, 1024, 2 ** 31))
const change: fc.Arbitrary<Change> = fc.oneof(
  place.map(
    (name): Change =>
      (tensors) =>
        void tensors.delete(name),
  ),
  fc.tuple(place, fc.array(size, { maxLength: 5 })).map(([name, shape]): Change => (tensors) => {
    tensors.set(name, { ...tiny.tensors.get(name)!, shape })
  }),
  fc.tuple(place, place).map(([from, to]): Change => (tensors) => {
    tensors.set(to, tiny.tensors.get(from)!)
  }),
  fc
    .tuple(place, fc.constantFrom('lora_down.weight', 'lora_up.weight', 'alpha', 'hada_w1_a', 'dora_scale'))
    .map(
      ([name, part]): Change =>
        (tensors) =>
          void tensors.set(`lora_unet_${name.replaceAll('.', '_')}.${part}`, tiny.tensors.get(name)!),
    ),
  // All of one part of the model.
  fc
    .constantFrom('model.diffusion_model.', 'first_stage_model.', 'cond_stage_model.')
    .map((prefix): Change => (tensors) => {
      for (const name of [...tensors.keys()]) if (name.startsWith(prefix)) tensors.delete(name)
    }),
)

describe('files that are well formed, with tensors missing, misnamed or of other shapes', () => {
  const RECOGNISE: readonly [string, (file: WeightFile) => unknown][] = [
    ['checkpoints', detectModel],
    ['autoencoders', (file) => detectVae(file, 'first_stage_model.')],
    [
      'text encoders',
      (file) => detectModel(file).textEncoders.map((config) => openTextWeights(file, config)),
    ],
    ['ControlNets', (file) => detectControl(file)],
    ['upscalers', detectUpscaler],
    ['adapters', readModules],
    ['tiny autoencoders', (file) => findTinyLayers(file, 'decoder')],
  ]

  it.each(RECOGNISE)('are recognised or refused as %s', (_, recognise) => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const tensors = new Map(tiny.tensors)
        for (const apply of changes) apply(tensors)
        endsOrRefuses(() => recognise({ ...tiny, tensors }), tiny.path)
      }),
      { numRuns: 150 },
    )
  })
})

describe('configurations and pictures, whatever they hold', () => {
  it('a configuration beside a checkpoint is read or refused', () => {
    const path = join(folder, 'model.yaml')
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('v', 'eps', 0.012, 1000, '*a', '!!js/function x'))
    const settings = fc.dictionary(
      fc.constantFrom(
        'parameterization',
        'linear_end',
        'timesteps',
        'scale_factor',
        'denoiser_config',
        'params',
      ),
      value,
    )
    fc.assert(
      fc.property(
        fc.oneof(
          settings.map((params) => ({ model: { params } })),
          fc.jsonValue(),
          fc.string(),
        ),
        (given) => {
          writeFileSync(path, typeof given === 'string' ? given : JSON.stringify(given))
          endsOrRefuses(() => withSidecar({ ...tiny, path: join(folder, 'model.ckpt') }), path)
        },
      ),
      { numRuns: 300 },
    )
  })

  it.each(['pixels.png', 'pixels.webp'])('a picture like %s is an embedding or refused', (name) => {
    const source = readFileSync(new URL(`../text-encode/__fixtures__/embeddings/${name}`, import.meta.url))
    const path = join(folder, name)
    const edit = fc.record({ at: fc.nat(source.length - 1), byte: fc.integer({ min: 0, max: 255 }) })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.nat(source.length), (edits, end) => {
        const bytes = Buffer.from(source)
        for (const { at, byte } of edits) bytes[at] = byte
        writeFileSync(path, bytes.subarray(0, Math.max(end, 32)))
        endsOrRefuses(() => readWebuiEmbedding(readEmbeddingFile(path).tensors), path)
      }),
      // Each picture is decoded in a thread of its own.
      { numRuns: 12 },
    )
  })
})
