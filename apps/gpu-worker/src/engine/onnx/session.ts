import { isAbsolute, parse } from 'node:path'
import type { BusyListener } from '../busy-listener.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import { isDeviceLost, isOutOfMemory } from '../engine-error.ts'
import type { Graph } from './graph.ts'
import { createCudaSession } from './cuda/cuda-session.ts'
import { emitCpu } from './emit-cpu.ts'
import { toModelBytes } from './model-proto.ts'
import type { Session, SessionInputs } from './network-session.ts'
import type { ModelOptions, ModelRuntime, RunnableModel } from './runtime/model-runtime.ts'
import { NODE_BINDING } from './runtime/node-binding.ts'
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
  /** What loads and runs models; absent: ONNX Runtime's binding for Node. */
  readonly runtime?: ModelRuntime
  /** Stands in for ONNX Runtime (the fake engine). */
  readonly open?: (graph: Graph) => Session
  /** Makes room where memory ran out, while loading or in a call, which is tried once more; absent: there is none. */
  readonly makeRoom?: () => Promise<void>
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
    for (const { model } of loaded) await model.release()
  }
  for (const part of parts) {
    const model = await loadPart(part, options).catch(async (error: unknown) => {
      await release()
      throw error
    })
    loaded.push({ graph: part, model })
  }
  const results = graph.outputs.map(({ name }) => name)
  const opened: Session = {
    async run(inputs, outputs = results, onBusy) {
      const values: Record<string, SessionInputs[string]> = { ...inputs }
      for (const part of loaded) {
        const wanted = part.graph.outputs
          .map(({ name }) => name)
          .filter((name) => outputs.includes(name) || !results.includes(name))
        Object.assign(values, await runPart(part, values, { wanted, onBusy }))
      }
      return Object.fromEntries(outputs.map((name) => [name, values[name] as Tensor]))
    },
    release,
  }
  return watchDevice(opened, options)
}

/** One of the graphs that make up a network, loaded. */
interface Part {
  readonly graph: Graph
  readonly model: RunnableModel
}

function loadPart(graph: Graph, options: SessionOptions): Promise<RunnableModel> {
  const { runtime = NODE_BINDING } = options
  const isReplayable = (graph.hostReaders ?? []).length === 0
  const weightsFolder = parse(graph.weights[0]?.path ?? process.cwd()).root
  const load = (): Promise<RunnableModel> =>
    runtime.load(toModelBytes(graph), { ...toModelOptions(options), weightsFolder, isReplayable })
  return tryTwice(load, options).catch((error: unknown) => tellLoss(error, options))
}

/** What a model is loaded with wherever it comes from. */
export function toModelOptions({ device, threads }: SessionOptions): ModelOptions {
  return { device, threads, optimization: 'all' }
}

async function runPart(
  { graph, model }: Part,
  values: SessionInputs,
  { wanted, onBusy }: { readonly wanted: readonly string[]; readonly onBusy: BusyListener | undefined },
): Promise<Readonly<Record<string, Tensor>>> {
  if (wanted.length === 0) return {}
  const given = graph.inputs.flatMap(({ name }) => {
    const value = values[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return model.run(Object.fromEntries(given), wanted, onBusy)
}

function watchDevice(session: Session, options: SessionOptions): Session {
  return {
    ...session,
    run: (...args) =>
      tryTwice(() => session.run(...args), options).catch((error: unknown) => tellLoss(error, options)),
  }
}

async function tryTwice<T>(attempt: () => Promise<T>, { makeRoom }: SessionOptions): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (makeRoom === undefined || !isOutOfMemory(error)) throw error
    await makeRoom()
    return attempt()
  }
}

function tellLoss(error: unknown, { onDeviceLost }: SessionOptions): never {
  if (isDeviceLost(error)) onDeviceLost?.(error)
  throw error
}
