import { detectModel, type DetectedModel } from '../../apps/gpu-worker/src/engine/checkpoint/detect-model.ts'
import { readWeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/read-weight-file.ts'
import type { WeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/weight-file.ts'
import { buildClipText } from '../../apps/gpu-worker/src/engine/networks/clip-text.ts'
import { detectControl } from '../../apps/gpu-worker/src/engine/networks/control/detect-control.ts'
import { encodeHint } from '../../apps/gpu-worker/src/engine/networks/control/control-net.ts'
import { buildUnet } from '../../apps/gpu-worker/src/engine/networks/unet.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../../apps/gpu-worker/src/engine/networks/vae.ts'
import { exposeMarks } from '../../apps/gpu-worker/src/engine/onnx/expose-marks.ts'
import { GraphBuilder, type Graph } from '../../apps/gpu-worker/src/engine/onnx/graph-builder.ts'
import { createSession } from '../../apps/gpu-worker/src/engine/onnx/session.ts'
import type { SessionInputs } from '../../apps/gpu-worker/src/engine/onnx/network-session.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { TEST_SESSION } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { absolute } from './sampling-fixtures.ts'
import type { TinyModels } from './tiny-models.ts'

/** Layers inside a network. */
const HIDDEN = absolute(5e-5)

interface Inside {
  readonly group: string
  readonly graph: Graph
  /** What the original's names of modules are preceded by in ours. */
  readonly prefix: string
  readonly inputs: SessionInputs
}

/** Compares every recorded inner value of one network's run. */
async function compareInside(
  recorded: ReadonlyMap<string, Tensor>,
  { group, graph, prefix, inputs }: Inside,
): Promise<Comparison[]> {
  const names = [...recorded.keys()]
  const known = names.filter((name) => graph.marks?.has(prefix + name))
  const session = await createSession(
    exposeMarks(
      graph,
      known.map((name) => prefix + name),
    ),
    TEST_SESSION,
  )
  const outputs = await session.run(inputs)
  await session.release()
  return Promise.all(
    names.map((name) =>
      compareCase(group, name, () => {
        const [actual, expected] = [outputs[prefix + name], recorded.get(name)!]
        if (actual === undefined) throw new Error('the graph has no value of that name')
        return actual.shape.join() === expected.shape.join()
          ? compareValues(actual.data, expected.data, HIDDEN)
          : Infinity
      }),
    ),
  )
}

/** Recorded tensors of a file, those that feed the network left out. */
type Recordings = (name: string) => ReadonlyMap<string, Tensor>

function without(tensors: ReadonlyMap<string, Tensor>, ...names: string[]): ReadonlyMap<string, Tensor> {
  return new Map([...tensors].filter(([name]) => !names.includes(name)))
}

async function compareUnets(open: Recordings, models: TinyModels): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const name of ['sd1', 'sd2', 'sdxl', 'refiner'] as const) {
    const { file, detected } = openModel(models.unpack(name))
    const { prefix } = detected.unet
    const cases = open(`${name}/unet`)
    const label = cases.get('0.y')
    comparisons.push(
      ...(await compareInside(open(`${name}/unet_blocks`), {
        group: `UNet, ${name}: inner layers`,
        graph: buildUnet(file, detected.unet),
        prefix,
        inputs: {
          latent: cases.get('0.x')!,
          timesteps: cases.get('0.timesteps')!,
          context: cases.get('0.context')!,
          ...(label && { label }),
        },
      })),
    )
  }
  return comparisons
}

function openModel(path: string): { readonly file: WeightFile; readonly detected: DetectedModel } {
  const file = readWeightFile(path)
  return { file, detected: detectModel(file) }
}

async function compareVae(open: Recordings, models: TinyModels): Promise<Comparison[]> {
  const { file, detected } = openModel(models.unpack('sd1'))
  const vae = detected.vae!
  const recorded = open('sd1/vae_blocks')
  const isEncoders = (name: string) => /^(encoder\.|quant_conv)/.test(name)
  const half = (wanted: boolean) =>
    new Map([...without(recorded, 'x', 'z')].filter(([name]) => isEncoders(name) === wanted))
  const of = { group: 'Autoencoder: inner layers', prefix: vae.prefix }
  const encoder = { ...of, graph: buildVaeEncoder(file, vae), inputs: { pixels: recorded.get('x')! } }
  const decoder = { ...of, graph: buildVaeDecoder(file, vae), inputs: { latent: recorded.get('z')! } }
  return [...(await compareInside(half(true), encoder)), ...(await compareInside(half(false), decoder))]
}

async function compareText(open: Recordings, models: TinyModels): Promise<Comparison[]> {
  const { file, detected } = openModel(models.unpack('sd1'))
  const config = detected.textEncoders[0]!
  const recorded = open('sd1/text_blocks')
  const { shape, data } = recorded.get('ids')!
  const ids = [...data]
  const inputs = {
    tokens: { shape, integers: BigInt64Array.from(ids, BigInt) },
    embeddings: createTensor([...shape, config.width]),
    use: createTensor([...shape, 1]),
    ends: { shape: [1], integers: BigInt64Array.of(BigInt(ids.indexOf(Math.max(...ids)))) },
  }
  const graph = buildClipText(file, config)
  const inside = { group: 'Text encoder, sd1: inner layers', graph, prefix: '', inputs }
  return compareInside(without(recorded, 'ids'), inside)
}

/** The encoder of a ControlNet's hint by itself. */
async function compareHint(open: Recordings, path: string): Promise<Comparison[]> {
  const recorded = open('control/hint_block')
  const hint = recorded.get('hint')!
  const builder = new GraphBuilder(detectControl(readWeightFile(path)).file)
  const encoded = encodeHint(builder, builder.input('hint', 'F32', ['batch', 3, 'rows', 'columns']))
  builder.output('encoded', encoded, 'F32', ['batch', 'channels', 'height', 'width'])
  const of = { group: 'ControlNet’s hint: inner layers', prefix: '', inputs: { hint } }
  return compareInside(without(recorded, 'hint'), { ...of, graph: builder.build() })
}

/** Compares the values inside the networks: UNets of every family, autoencoder, text encoder, a ControlNet's hint. */
export async function compareLayers(
  open: Recordings,
  models: TinyModels,
  controlNet: string,
): Promise<Comparison[]> {
  return [
    ...(await compareUnets(open, models)),
    ...(await compareText(open, models)),
    ...(await compareVae(open, models)),
    ...(await compareHint(open, controlNet)),
  ]
}
