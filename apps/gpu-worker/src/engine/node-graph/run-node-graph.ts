import { findNodeDefinition } from '@atelier/catalog/nodes'
import { JobError, JobResult, type NodeGraphJob } from '@atelier/proto'
import { formatExactJson, type ExactValue } from '@atelier/catalog/exact-json'
import type { PngText } from '@atelier/catalog/png'
import type { EngineFile, EngineOutcome } from '../../engine-protocol.ts'
import { toJobError } from '../engine-error.ts'
import { toComfyTexts } from '../image/comfy-texts.ts'
import type { JobContext } from '../job-context.ts'
import type { ModelStore } from '../models/model-store.ts'
import { NODE_EXECUTIONS } from '../nodes/index.ts'
import type { TextModels } from '../text-models.ts'
import { formatCurrentInputs } from './current-inputs.ts'
import { ExecutionOrder } from './execution-order.ts'
import { parseGraph, type GraphNode, type NodeGraph } from './graph.ts'
import { findChanges, withChanges } from './node-changes.ts'
import { signNodes, type NodeCache, type NodeResult } from './node-cache.ts'
import type { NodeContext } from './node-context.ts'
import { NodeInputs } from './node-inputs.ts'
import { runOverLists } from './run-over-lists.ts'
import { refuseLiterals } from './refuse-literals.ts'
import type { TempNames } from './temp-names.ts'

/** What node graphs are run with. */
export interface NodeGraphDeps {
  readonly models: ModelStore
  readonly texts: TextModels
  /** The tenant's results of the prompt before. */
  readonly cache: NodeCache
}

/** Runs a ComfyUI node graph: what is cached is listed, the rest runs node by node; an error or interrupt ends it. */
export async function runNodeGraph(
  job: NodeGraphJob,
  context: JobContext,
  deps: NodeGraphDeps,
): Promise<EngineOutcome> {
  const run = new GraphRun(job, context, deps)
  return run.run()
}

/** One run of one graph; owns its results until the end. */
class GraphRun {
  readonly #job: NodeGraphJob
  readonly #context: JobContext
  readonly #deps: NodeGraphDeps
  readonly #graph: NodeGraph
  /** What results depend on besides the graph, by node. */
  readonly #changes: ReadonlyMap<string, ExactValue>
  readonly #signatures: ReadonlyMap<string, string>
  readonly #tempNames: TempNames
  readonly #inputFiles: ReadonlyMap<string, Uint8Array>
  /** Results by signature, from the cache and of this run. */
  readonly #results = new Map<string, NodeResult>()
  readonly #files: EngineFile[] = []
  readonly #executed: string[] = []
  readonly #remarks = new Set<string>()
  readonly #outputs: Record<string, string> = {}
  /** Each file holds the whole graph: a graph of hundreds of pictures is written once for all of them. */
  #fileTexts: readonly PngText[] | undefined

  constructor(job: NodeGraphJob, context: JobContext, deps: NodeGraphDeps) {
    this.#job = job
    this.#context = context
    this.#deps = deps
    this.#graph = parseGraph(job.graphJson)
    this.#tempNames = deps.cache.beginTempNames(this.#graph)
    const keys = new Map(job.inputFiles.map(({ reference, blob }) => [reference, blob?.key ?? '']))
    this.#inputFiles = new Map(
      [...keys].flatMap(([reference, key]) => {
        const bytes = context.inputs.get(key)
        return bytes === undefined ? [] : [[reference, bytes] as const]
      }),
    )
    this.#changes = findChanges(this.#graph, job.inputFiles)
    this.#signatures = signNodes(this.#graph, (id) => {
      const change = this.#changes.get(id)
      return change === undefined ? undefined : formatExactJson(change)
    })
  }

  async run(): Promise<EngineOutcome> {
    this.#takeFromCache()
    const cached = [...this.#graph.keys()].filter((id) => this.#cachedResult(id) !== undefined)
    for (const id of cached) this.#show(id)
    this.#context.tell({ $case: 'jobStart', value: { cachedNodeIds: cached, passCount: 1 } })
    const order = new ExecutionOrder(this.#graph, (id) => this.#cachedResult(id) !== undefined)
    for (const id of this.#job.outputNodeIds) this.#start(id, order)
    for (let id = order.next(); id !== undefined; id = order.next()) {
      if (this.#context.cancelled.aborted) return this.#interrupted(id, cached)
      // Another node of the same inputs may have run meanwhile.
      const failure = this.#takeCached(id) ? undefined : await this.#runNode(this.#graph.get(id)!)
      if (failure === 'interrupted') return this.#interrupted(id, cached)
      if (failure !== undefined)
        return { kind: 'failed', error: failure, result: this.#result(cached), files: this.#files }
      order.complete(id)
    }
    return { kind: 'done', result: this.#result(cached), files: this.#files }
  }

  #start(outputId: string, order: ExecutionOrder): void {
    if (!this.#takeCached(outputId)) order.add(outputId)
  }

  /** Tells a node's cached result; false when there is none. */
  #takeCached(nodeId: string): boolean {
    const result = this.#cachedResult(nodeId)
    if (result === undefined) return false
    this.#show(nodeId)
    this.#context.tell({ $case: 'nodeEnd', value: { nodeId, outputJson: result.uiJson ?? '', cached: true } })
    return true
  }

  /** Results show what every cached node of the graph shows, asked for or not. */
  #show(nodeId: string): void {
    const uiJson = this.#cachedResult(nodeId)?.uiJson
    if (uiJson !== undefined) this.#outputs[nodeId] = uiJson
  }

  async #runNode(node: GraphNode): Promise<JobError | 'interrupted' | undefined> {
    this.#context.tell({ $case: 'nodeStart', value: { nodeId: node.id } })
    const inputs = this.#collectInputs(node)
    try {
      refuseLiterals(node)
      const execute = NODE_EXECUTIONS.get(node.className)
      if (execute === undefined) throw new Error(`the node class ${node.className} cannot be run here`)
      const answer = await runOverLists(findNodeDefinition(node.className), inputs, async (values) => {
        const { aborted } = this.#context.cancelled
        return aborted ? undefined : execute(new NodeInputs(values), this.#nodeContext(node))
      })
      if (answer === undefined || this.#context.cancelled.aborted) return 'interrupted'
      const { outputs, ui } = answer
      const uiJson = ui === undefined ? undefined : JSON.stringify(ui)
      this.#keep(node.id, { outputs, ...(uiJson === undefined ? {} : { uiJson }) })
      if (uiJson !== undefined) this.#outputs[node.id] = uiJson
      this.#executed.push(node.id)
      this.#context.tell({
        $case: 'nodeEnd',
        value: { nodeId: node.id, outputJson: uiJson ?? '', cached: false },
      })
      return undefined
    } catch (error) {
      if (this.#context.cancelled.aborted) return 'interrupted'
      return this.#describeFailure(error, node, inputs)
    } finally {
      // Messages are heard between nodes.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #collectInputs(node: GraphNode): Map<string, readonly unknown[]> {
    const inputs = new Map([...node.literals].map(([name, value]): [string, unknown[]] => [name, [value]]))
    for (const [name, { nodeId, slot }] of node.links)
      inputs.set(name, [...(this.#cachedResult(nodeId)?.outputs.at(slot) ?? [undefined])])
    return inputs
  }

  /** This run has its own view: others may run at the same time. */
  #takeFromCache(): void {
    const { cache } = this.#deps
    const wanted = new Set(this.#signatures.values())
    cache.begin(wanted)
    for (const signature of wanted) {
      const result = cache.get(signature)
      if (result !== undefined) this.#results.set(signature, result)
    }
  }

  #keep(nodeId: string, result: NodeResult): void {
    const signature = this.#signatures.get(nodeId)!
    this.#results.set(signature, result)
    this.#deps.cache.set(signature, result)
  }

  #cachedResult(nodeId: string): NodeResult | undefined {
    return this.#results.get(this.#signatures.get(nodeId) ?? '')
  }

  #writeFileTexts(): readonly PngText[] {
    const { graphJson, extraDataJson, omitMetadata } = this.#job
    return omitMetadata ? [] : toComfyTexts(withChanges(graphJson, this.#changes), extraDataJson)
  }

  #nodeContext(node: GraphNode): NodeContext {
    const nodeId = node.id
    return {
      nodeId,
      job: this.#context,
      models: this.#deps.models,
      texts: this.#deps.texts,
      fileTexts: () => (this.#fileTexts ??= this.#writeFileTexts()),
      inputFiles: this.#inputFiles,
      advance: (step, totalSteps) =>
        this.#context.tell({ $case: 'stepProgress', value: { step, totalSteps, passIndex: 0, nodeId } }),
      remark: (text) => void this.#remarks.add(text),
      nameTemp: (count) => this.#tempNames.take(node, count),
      keep: (file) => void this.#files.push(file),
    }
  }

  #describeFailure(
    error: unknown,
    node: GraphNode,
    inputs: ReadonlyMap<string, readonly unknown[]>,
  ): JobError {
    const described = toJobError(error)
    return JobError.fromPartial({
      ...described,
      code: described.code === 'internal' ? 'node-failed' : described.code,
      nodeId: node.id,
      nodeType: node.className,
      currentInputsJson: formatCurrentInputs(node, inputs, this.#job),
      executedNodeIds: this.#executed,
    })
  }

  #interrupted(nodeId: string, cached: readonly string[]): EngineOutcome {
    const result = { ...this.#result(cached), interruptedNodeId: nodeId }
    return { kind: 'interrupted', result: JobResult.fromPartial(result), files: this.#files }
  }

  #result(cached: readonly string[]): JobResult {
    return JobResult.fromPartial({
      nodeOutputsJson: this.#outputs,
      cachedNodeIds: [...cached],
      executedNodeIds: this.#executed,
      remarks: [...this.#remarks],
    })
  }
}
