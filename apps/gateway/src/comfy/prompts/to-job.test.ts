import { parseExactJson, type ExactObject } from '@atelier/catalog/exact-json'
import { ImageFormat, ModelFile, ModelKind, PreviewMethod, Surface, WorkerDescription } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { parseGatewayConfig } from '../../config.ts'
import { DirectoryModelIndex } from '../../models/directory-model-index.ts'
import type { CheckedGraph } from '../graph/validate-graph.ts'
import { readSurfaceNote } from '../job-view.ts'
import { choosePreview, listFileReferences, pinModels, toJob } from './to-job.ts'

const GRAPH = `{
  "10": {"class_type": "LoadImage", "inputs": {"image": "cat.png"}},
  "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "embedding:nice, (embedding:sub/other:1.2)"}},
  "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
  "3": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "unused.safetensors"}},
  "5": {"class_type": "LoadImageMask", "inputs": {"image": "dog.png"}},
  "4": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551615, "cfg": 8.0}}
}`

function checked(): CheckedGraph {
  const graph = parseExactJson(GRAPH) as ExactObject
  return { graph, outputNodeIds: ['4'], usedNodeIds: ['10', '2', '1', '4'], nodeErrors: new Map() }
}

function modelIndex(): DirectoryModelIndex {
  const file = (kind: ModelKind, name: string, unusableReason = '') =>
    ModelFile.fromPartial({ kind, name, identity: `identity of ${name}`, unusableReason })
  const index = new DirectoryModelIndex()
  const models = [
    file(ModelKind.MODEL_KIND_CHECKPOINT, 'a.safetensors'),
    file(ModelKind.MODEL_KIND_CHECKPOINT, 'unused.safetensors'),
    file(ModelKind.MODEL_KIND_EMBEDDING, 'nice.pt'),
    file(ModelKind.MODEL_KIND_EMBEDDING, 'sub/other.safetensors'),
  ]
  index.replace([WorkerDescription.fromPartial({ id: 'w', models })])
  return index
}

describe('pinModels', () => {
  it('pins the files of the nodes that run, checkpoints first, and embeddings named by prompts', () => {
    expect(pinModels(checked(), modelIndex()).map(({ name, identity }) => [name, identity])).toEqual([
      ['a.safetensors', 'identity of a.safetensors'],
      ['nice.pt', 'identity of nice.pt'],
      ['sub/other.safetensors', 'identity of sub/other.safetensors'],
    ])
  })
})

describe('listFileReferences', () => {
  it('lists the files of all nodes, of those that do not run this time too', () => {
    expect(listFileReferences(checked())).toEqual(['cat.png', 'dog.png'])
  })
})

describe('toJob', () => {
  const job = toJob(checked(), {
    ...{ id: 'id', tenant: 'open', promptId: 'p', requestDigest: 'd', clientId: 'c', submittedAtMs: 5 },
    note: { number: 5, hasPredecessor: true },
    extraData: new Map([['client_id', 'c']]),
    ...{ models: [], inputFiles: [] },
    preview: choosePreview(new Map(), parseGatewayConfig({})),
    omitMetadata: true,
  })

  it('keeps order, integers and floats of the graph, as a PNG will hold it', () => {
    const graphJson = job.kind?.$case === 'nodeGraph' ? job.kind.value.graphJson : ''
    expect(graphJson).toMatch(
      /^\{"10": \{"class_type": "LoadImage", "inputs": \{"image": "cat\.png"\}\}, "2": /,
    )
    expect(graphJson).toContain('{"seed": 18446744073709551615, "cfg": 8.0}')
  })

  it('speaks for this surface and remembers the number as the client saw it', () => {
    expect(job).toMatchObject({
      surface: Surface.SURFACE_COMFY,
      publicId: 'p',
      queueNumber: 5,
      clientId: 'c',
    })
    expect(job.kind?.$case === 'nodeGraph' && job.kind.value.omitMetadata).toBe(true)
    expect(readSurfaceNote(job)).toEqual({ number: 5, hasPredecessor: true })
    expect(readSurfaceNote({ ...job, surfaceNote: '', queueNumber: 3 }).number).toBe(3)
  })
})

describe('choosePreview', () => {
  const choose = (setting: string, wish?: string) =>
    choosePreview(
      new Map(wish === undefined ? [] : [['preview_method', wish]]),
      parseGatewayConfig({ ATELIER_PREVIEW_METHOD: setting, ATELIER_PREVIEW_SIZE: '64' }),
    )

  it.each([
    ['none', undefined, PreviewMethod.PREVIEW_METHOD_UNSPECIFIED, 0],
    ['auto', undefined, PreviewMethod.PREVIEW_METHOD_LATENT_TO_RGB, 1],
    ['taesd', undefined, PreviewMethod.PREVIEW_METHOD_TINY, 1],
    ['none', 'latent2rgb', PreviewMethod.PREVIEW_METHOD_LATENT_TO_RGB, 1],
    ['auto', 'none', PreviewMethod.PREVIEW_METHOD_UNSPECIFIED, 0],
    ['auto', 'default', PreviewMethod.PREVIEW_METHOD_LATENT_TO_RGB, 1],
    ['none', 'toString', PreviewMethod.PREVIEW_METHOD_UNSPECIFIED, 0],
  ])('with the setting %s and the wish %s', (setting, wish, method, everySteps) => {
    expect(choose(setting, wish)).toEqual({
      method,
      everySteps,
      longestSide: 64,
      format: ImageFormat.IMAGE_FORMAT_JPEG,
      ...{ gridRows: 0, gridBackground: 0 },
    })
  })
})
