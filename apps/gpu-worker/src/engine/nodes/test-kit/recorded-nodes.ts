import { readFileSync } from 'node:fs'
import { toExact, type ExactObject, type PlainValue } from '@atelier/catalog/exact-json'
import type { LatentValue, NodeContext } from '../../node-graph/node-context.ts'
import { NodeInputs } from '../../node-graph/node-inputs.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { maxDifference, type openFixture } from '../../test-kit.ts'
import { NODE_EXECUTIONS } from '../index.ts'

/** A call of a node class of the original: arguments and outputs by tensor name, or the error it raised. Test code. */
export interface NodeCase {
  readonly n: number
  readonly node: string
  readonly args: Readonly<Record<string, unknown>>
  readonly outputs?: readonly RecordedValue[]
  readonly error?: { readonly type: string; readonly message: string }
}

interface RecordedValue {
  readonly tensor?: string
  readonly latent?: string | { readonly tensor: string }
  readonly noise_mask?: { readonly tensor: string }
  readonly batch_index?: readonly number[]
  /** A list of values, for the classes that take or give lists. */
  readonly list?: readonly RecordedValue[]
}

/** An argument that another node makes (latent operations). */
interface RecordedCall {
  readonly node?: string
  readonly args?: Readonly<Record<string, unknown>>
}

const CLOSE =
  /scale|blur|sharpen|interpolate|porterduff|yuv|upscale|blend|latent(add|subtract|batch)|operation|resize|stitch|compositemasked/i

/** Where recorded calls keep their tensors and pictures. */
export interface RecordedNodes {
  readonly tensors: ReturnType<typeof openFixture>
  /** The path of a picture of the input folder. */
  readonly inputPath: (name: string) => string | URL
}

/** Copies are exact, resampling is within rounding; lanczos goes through 8-bit pictures, JPEG decoders differ. */
export function toleranceOf({ node, args }: NodeCase): number {
  if (args['upscale_method'] === 'lanczos') return 1 / 255 + 1e-6
  if (args['image'] === 'photo.jpg') return 2 / 255 + 1e-6
  if (node === 'ImageStitch' || node === 'ImageQuantize' || args['interpolation'] === 'lanczos')
    return 1 / 255 + 1e-6
  return CLOSE.test(node) ? 1e-5 : 1e-6
}

/** Runs the call with our node. */
export async function runNodeCase(
  { node, args }: NodeCase,
  recorded: RecordedNodes,
): Promise<readonly unknown[]> {
  const image = typeof args['image'] === 'string' ? args['image'] : undefined
  const path = image?.replace(/ \[input\]$/, '')
  const files =
    image === undefined || path === undefined
      ? []
      : [[image, readFileSync(recorded.inputPath(path))] as const]
  const context = {
    nodeId: '1',
    job: { tell: () => undefined },
    inputFiles: new Map(files),
    fileTexts: () => [],
  }
  const values: [string, unknown][] = []
  for (const [name, value] of Object.entries(args)) values.push([name, await readArgument(value, recorded)])
  const answer = await NODE_EXECUTIONS.get(node)!(
    new NodeInputs(new Map(values)),
    context as unknown as NodeContext,
  )
  return answer.outputs
}

async function readArgument(value: unknown, recorded: RecordedNodes): Promise<unknown> {
  const { tensors } = recorded
  const argument = value as RecordedValue & RecordedCall
  if (typeof argument?.node === 'string')
    return (await runNodeCase({ n: 0, node: argument.node, args: argument.args ?? {} }, recorded))[0]
  if (Array.isArray(argument?.list))
    return Promise.all(argument.list.map((item) => readArgument(item, recorded)))
  if (typeof argument?.tensor === 'string') return tensors.tensor(argument.tensor)
  if (typeof argument?.latent === 'string') {
    const mask = argument.noise_mask
    return {
      samples: tensors.tensor(argument.latent),
      ...(mask === undefined ? {} : { noiseMask: tensors.tensor(mask.tensor) }),
      ...(argument.batch_index === undefined ? {} : { batchIndex: argument.batch_index }),
    } satisfies LatentValue
  }
  return (toExact({ value: value as PlainValue }) as ExactObject).get('value')
}

/** The largest difference of an output from the recorded one; Infinity when it has another shape. */
export function differenceOf(actual: unknown, value: RecordedValue, recorded: RecordedNodes): number {
  const { tensors } = recorded
  if (value.list !== undefined) {
    const items = actual as readonly unknown[]
    if (items.length !== value.list.length) return Infinity
    return Math.max(...value.list.map((item, i) => differenceOf(items[i], item, recorded)))
  }
  const latent = value.latent as { tensor: string } | undefined
  const tensor = latent === undefined ? (actual as Tensor) : (actual as LatentValue).samples
  if (
    value.batch_index !== undefined &&
    (actual as LatentValue).batchIndex?.join() !== value.batch_index.join()
  )
    return Infinity
  const difference = maxDifference(markNaN(tensor), markNaN(tensors.tensor(latent?.tensor ?? value.tensor!)))
  if (value.noise_mask === undefined) return difference
  const mask = (actual as LatentValue).noiseMask
  return mask === undefined
    ? Infinity
    : Math.max(difference, maxDifference(mask, tensors.tensor(value.noise_mask.tensor)))
}

/** Values that are no numbers, comparable: an operation that divides by zero gives them in the same places. */
function markNaN({ shape, data }: Tensor): Tensor {
  return { shape, data: data.map((value) => (Number.isNaN(value) ? Number.MAX_SAFE_INTEGER : value)) }
}
