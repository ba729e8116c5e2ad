import { isAbsolute, parse } from 'node:path'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { createTensor } from '../tensor/tensor.ts'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import { isDeviceLost } from '../engine-error.ts'
import type { Graph } from './graph.ts'
import { createCudaSession } from './cuda/cuda-session.ts'
import { emitCpu } from './emit-cpu.ts'
import { toModelBytes } from './model-proto.ts'
import type { Session, SessionInputs } from './network-session.ts'
import { splitGraph } from './split-graph.ts'

/** Where sessions run. */
export interface SessionOptions {
  /** "cpu" or "cuda:N". */
  readonly device: string
  /** Threads of one run; 0 leaves it to ONNX Runtime (one a physical core). */
  readonly threads: number
  /** Weights, as f32 bytes, of which a network on the CPU is loaded in parts; absent: the emitter's limit. */
  readonly partBytes?: number
  /** Whether a weight file may be opened: the engine's own list of model files. */
  readonly isAllowedFile: (path: string) => boolean
  /** Stands in for ONNX Runtime (the fake engine). */
  readonly open?: (graph: Graph) => Session
  /** Hears that the device does not answer any more; no session on it will. */
  readonly onDeviceLost?: (error: Error) => void
  /** Hears, once for each network, that half precision did not do and f32 is used. */
  readonly onWidened?: (reason: string) => void
  /** Hears how long a network took to be made ready, seconds. */
  readonly onLoaded?: (seconds: number) => void
}

/**
 * Loads a graph whose weights stay in their file (`session.model_external_initializers_file_folder_path`).
 * @throws CheckpointError when a weight lies in a file that is not allowed; Error from ONNX Runtime otherwise
 */
export async function createSession(graph: Graph, options: SessionOptions): Promise<Session> {
  for (const path of new Set(graph.weights.map((weight) => weight.path))) {
    if (!isAbsolute(path) || !options.isAllowedFile(path)) {
      throw new CheckpointError('unreadable', path, 'it is not one of the model files this worker may open')
    }
  }
  if (options.open !== undefined) return watchDevice(options.open(graph), options)
  if (options.device === 'cpu')
    return openSession(graph, splitGraph(graph, options.partBytes).map(emitCpu), options)
  const { onWidened } = options
  const open = (written: Graph) => openSession(written, [written], options)
  return createCudaSession(graph, { open, ...(onWidened && { onWidened }) })
}

/** Loads the parts of a graph as an emitter wrote them, of which each is run with what those before it made. */
async function openSession(graph: Graph, parts: readonly Graph[], options: SessionOptions): Promise<Session> {
  const loaded: Part[] = []
  const release = async (): Promise<void> => {
    for (const { session } of loaded) await session.release()
  }
  for (const part of parts) {
    const session = await createPart(part, options).catch(async (error: unknown) => {
      await release()
      throw error
    })
    loaded.push({ graph: part, session })
  }
  const results = graph.outputs.map(({ name }) => name)
  const opened: Session = {
    async run(inputs, outputs = results) {
      const values = new Map(Object.entries(inputs).map(([name, value]) => [name, toOrtTensor(value)]))
      for (const part of loaded) {
        const wanted = part.graph.outputs
          .map(({ name }) => name)
          .filter((name) => outputs.includes(name) || !results.includes(name))
        const made = await runPart(part, values, wanted)
        for (const [name, value] of Object.entries(made)) values.set(name, value)
      }
      return Object.fromEntries(
        outputs.map((name) => {
          const { dims, data } = values.get(name)!
          return [name, createTensor(dims, data as Float32Array)]
        }),
      )
    },
    release,
  }
  return watchDevice(opened, options)
}

/** One of the graphs that make up a network, loaded. */
interface Part {
  readonly graph: Graph
  readonly session: InferenceSession
}

function createPart(graph: Graph, options: SessionOptions): Promise<InferenceSession> {
  const root = parse(graph.weights[0]?.path ?? process.cwd()).root
  return InferenceSession.create(toModelBytes(graph), {
    ...toRuntimeOptions(options),
    extra: { session: { model_external_initializers_file_folder_path: root } },
  } as InferenceSession.SessionOptions).catch((error: unknown) => tellLoss(error, options))
}

/** What ONNX Runtime is told of a session. */
export function toRuntimeOptions({ device, threads }: SessionOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: toProviders(device) ?? ['cpu'],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
  }
}

async function runPart(
  { graph, session }: Part,
  values: ReadonlyMap<string, OrtTensor>,
  wanted: readonly string[],
): Promise<Readonly<Record<string, OrtTensor>>> {
  if (wanted.length === 0) return {}
  const feeds = graph.inputs.flatMap(({ name }) => {
    const value = values.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return (await session.run(Object.fromEntries(feeds), wanted)) as Record<string, OrtTensor>
}

function watchDevice(session: Session, options: SessionOptions): Session {
  return {
    ...session,
    run: (inputs, outputs) =>
      session.run(inputs, outputs).catch((error: unknown) => tellLoss(error, options)),
  }
}

function tellLoss(error: unknown, { onDeviceLost }: SessionOptions): never {
  if (isDeviceLost(error)) onDeviceLost?.(error)
  throw error
}

function toProviders(device: string): InferenceSession.SessionOptions['executionProviders'] {
  const cuda = /^cuda:(\d+)$/.exec(device)
  return cuda === null ? ['cpu'] : [{ name: 'cuda', deviceId: Number(cuda[1]) }, 'cpu']
}

function toOrtTensor(value: SessionInputs[string]): OrtTensor {
  return 'integers' in value
    ? new OrtTensor('int64', value.integers, value.shape)
    : new OrtTensor('float32', value.data, value.shape)
}
