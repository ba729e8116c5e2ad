import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { formatSafetensors } from '../checkpoint/write-safetensors.ts'
import { EngineError } from '../engine-error.ts'
import type { LatentValue } from '../node-graph/node-context.ts'
import { mapTensor } from '../tensor/blocks.ts'
import { createTensor } from '../tensor/tensor.ts'
import { keepOutputFile } from './keep-output-file.ts'
import type { NodeTable } from './node-table.ts'

/** An empty tensor of this name says that the latent is in the autoencoder's scale. */
const VERSION_KEY = 'latent_format_version_0'
/** Factor on latents that older versions saved, in the scale of SD1's sampling. */
const OLD_FACTOR = 1 / 0.18215

/** Latents kept in files. */
export const latentFileNodes: NodeTable = {
  SaveLatent: async (inputs, context) => {
    const { samples } = inputs.value<LatentValue>('samples')
    const metadata = new Map(context.fileTexts().map(({ keyword, text }) => [keyword, text]))
    const bytes = formatSafetensors(
      [
        [VERSION_KEY, createTensor([0])],
        ['latent_tensor', samples],
      ],
      metadata,
    )
    const shown = await keepOutputFile(
      {
        ...{ bytes, extension: 'latent', mediaType: 'application/octet-stream' },
        ...{ prefix: inputs.text('filename_prefix'), size: { width: 0, height: 0 } },
      },
      context,
    )
    return { outputs: [], ui: { latents: [shown] } }
  },
  LoadLatent: async (inputs, { inputFiles }) => {
    const reference = inputs.text('latent')
    const bytes = inputFiles.get(reference)
    if (bytes === undefined)
      throw new EngineError('not-found', `the latent file ${reference} is not stored any more`, {
        exceptionType: 'FileNotFoundError',
      })
    return { outputs: [readLatent(reference, bytes)] }
  },
}

/** Reads a latent by way of a file, which the strict reader of weight files takes. */
function readLatent(reference: string, bytes: Uint8Array): LatentValue {
  const folder = mkdtempSync(join(tmpdir(), 'latent-'))
  try {
    const path = join(folder, 'latent.safetensors')
    writeFileSync(path, bytes)
    const file = readSafetensors(path)
    const samples = readTensor(file, 'latent_tensor')
    return {
      samples: file.tensors.has(VERSION_KEY) ? samples : mapTensor(samples, (value) => value * OLD_FACTOR),
    }
  } catch (cause) {
    if (!(cause instanceof CheckpointError)) throw cause
    throw new EngineError('node-failed', `the latent file ${reference} cannot be read: ${cause.reason}`, {
      exceptionType: 'safetensors_rust.SafetensorError',
      cause,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
