import { createHash } from 'node:crypto'
import { toExact, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { findNodeDefinition } from '@atelier/catalog/nodes'
import { isAtelierError } from '@atelier/ledger'
import { JobState, Surface, InputFile, type Job, type JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import { toAddressHeaders } from '../../jobs/job-address.ts'
import { requireWorkers } from '../../models/require-workers.ts'
import { readChoiceLists } from './choice-lists.ts'
import { describeRequestError, toErrorObject } from '../graph/graph-errors.ts'
import { validateGraph, type CheckedGraph, type RejectedGraph } from '../graph/validate-graph.ts'
import { findReferencedFile, type ReferencedFile } from '../files/input-files.ts'
import { jobOf, readSurfaceNote } from '../job-view.ts'
import {
  parseExtraData,
  parsePromptRequest,
  parseWantedNumber,
  type PromptRequest,
  type WantedNumber,
} from './prompt-request.ts'
import { parseBody } from '../read-body.ts'
import { answerJson } from '../respond.ts'
import { choosePreview, listFileReferences, pinModels, toJob, type JobIngredients } from './to-job.ts'

/** The ledger's counter of a tenant's prompt numbers. */
const NUMBER_COUNTER = 'comfy/prompt-number'
/** Longest prompt id, characters (the contract's limit). */
const MAX_PROMPT_ID = 256

/** What came to POST /prompt. */
export interface PromptSubmission {
  readonly tenant: string
  readonly bytes: Uint8Array
  /** Idempotency-Key header; undefined: none. */
  readonly key?: string | undefined
  /** The client wants the job's address (202). */
  readonly prefersAddress?: boolean
}

/**
 * Answers POST /prompt: checks the graph, stores the job, and says its id and number; or says what is wrong. The same
 * Idempotency-Key with the same body finds the prompt it made, with another body 409.
 * @throws RequestFault where ComfyUI's own handler fails; AtelierError when there is no room
 */
export async function submitPrompt(
  deps: GatewayDeps,
  { tenant, bytes, key, prefersAddress = false }: PromptSubmission,
): Promise<Response> {
  const body = parseBody(bytes)
  const number = await takeNumber(deps, tenant, parseWantedNumber(body))
  const request = parsePromptRequest(body)
  if (request === undefined) return answerRejection('no_prompt', 'No prompt provided', 'No prompt provided')
  if (request.promptId !== undefined && !isPromptId(request.promptId)) {
    const details = `prompt_id has ${request.promptId.length} characters, 1 to ${MAX_PROMPT_ID} are allowed`
    return answerRejection('invalid_prompt_id', 'prompt_id is not usable', details)
  }
  const references = await findReferences(deps, tenant, request.prompt)
  const check = () => checkPrompt(deps, tenant, request, references)
  const first = await check()
  const verdict = 'graph' in first || deps.models.workers().length > 0 ? first : await checkLater(deps, check)
  if (!('graph' in verdict)) return answerVerdict(verdict)

  const id = deps.createId()
  const chosenId = request.promptId ?? (key === undefined ? undefined : toPromptId(key))
  const requestDigest = digest(chosenId === undefined ? id : bytes)
  const earlier = chosenId === undefined ? undefined : await findEarlier(deps, tenant, chosenId)
  const job = toJob(verdict, {
    id,
    tenant,
    promptId: chosenId ?? id,
    requestDigest,
    clientId: request.clientId,
    submittedAtMs: deps.now(),
    note: { number, hasPredecessor: earlier !== undefined },
    ...toContents(deps, body, verdict, references),
  })
  try {
    return answerAdmitted(await submit(deps, job, key !== undefined), verdict, prefersAddress)
  } catch (error) {
    if (key !== undefined && isAtelierError(error) && error.code === 'conflict') return answerConflict(key)
    throw error
  }
}

/** Checks again when the first worker is known: without one every model's name is wrong. */
async function checkLater<T>({ models }: GatewayDeps, check: () => Promise<T>): Promise<T> {
  await requireWorkers(models)
  return check()
}

function answerAdmitted(record: JobRecord, { nodeErrors }: CheckedGraph, prefersAddress: boolean): Response {
  const { id, publicId } = jobOf(record)
  const answer = answerJson(
    new Map<string, ExactValue>([
      ['prompt_id', publicId],
      ['number', readSurfaceNote(jobOf(record)).number],
      ['node_errors', nodeErrors],
    ]),
    prefersAddress ? 202 : 200,
  )
  if (prefersAddress)
    for (const [name, value] of Object.entries(toAddressHeaders(id))) answer.headers.set(name, value)
  return answer
}

/** A key stands for the prompt id it always gives, shaped as the ids ComfyUI gives. */
function toPromptId(key: string): string {
  const hex = digest(`idempotency-key ${key}`)
  const cuts = [0, 8, 12, 16, 20, 32]
  return cuts
    .slice(1)
    .map((end, part) => hex.slice(cuts[part], end))
    .join('-')
}

function answerConflict(key: string): Response {
  const details = `the Idempotency-Key ${key} was used with another body`
  return answerRejection('idempotency_conflict', 'the same key with another body', details, 409)
}

function toContents(
  deps: GatewayDeps,
  body: ExactValue,
  checked: CheckedGraph,
  references: References,
): Pick<JobIngredients, 'extraData' | 'models' | 'inputFiles' | 'preview' | 'omitMetadata'> {
  const extraData = parseExtraData(body)
  return {
    extraData,
    models: pinModels(checked, deps.models),
    inputFiles: toInputFiles(listFileReferences(checked), references),
    preview: choosePreview(extraData, deps.config),
    omitMetadata: deps.config.ATELIER_DISABLE_METADATA,
  }
}

function findEarlier(deps: GatewayDeps, tenant: string, promptId: string): Promise<JobRecord | undefined> {
  return deps.store.jobs.find(tenant, Surface.SURFACE_COMFY, promptId)
}

function isPromptId(promptId: string): boolean {
  return promptId.length >= 1 && promptId.length <= MAX_PROMPT_ID
}

async function takeNumber(deps: GatewayDeps, tenant: string, wanted: WantedNumber): Promise<bigint | number> {
  if (wanted.kind === 'given') return wanted.number
  // The ledger counts from 1, ComfyUI from 0; the counter moves whatever becomes of the prompt.
  const next = BigInt((await deps.store.jobs.allocate(tenant, NUMBER_COUNTER, 1)) - 1)
  return wanted.kind === 'front' ? -next : next
}

type References = ReadonlyMap<string, ReferencedFile>

async function checkPrompt(
  deps: GatewayDeps,
  tenant: string,
  request: PromptRequest,
  references: References,
): Promise<CheckedGraph | RejectedGraph> {
  return validateGraph(request.prompt, request.targets, {
    findDefinition: findNodeDefinition,
    choices: await readChoiceLists(deps, tenant, loadsFiles(request.prompt)),
    fileExists: (reference) => (references.get(reference)?.kind ?? 'nothing') !== 'nothing',
  })
}

/** Whether a graph has nodes that read input files; only then is it worth listing them. */
function loadsFiles(prompt: ExactValue): boolean {
  return prompt instanceof Map && [...prompt.values()].some((node) => checkedInputsOf(node).length > 0)
}

/** Looks up, before a graph is validated, the files its nodes name. */
async function findReferences(deps: GatewayDeps, tenant: string, prompt: ExactValue): Promise<References> {
  const found = new Map<string, ReferencedFile>()
  if (!(prompt instanceof Map)) return found
  for (const reference of [...prompt.values()].flatMap(referencesOf)) {
    if (found.has(reference)) continue
    found.set(reference, await findReferencedFile(deps.store.files, tenant, reference))
  }
  return found
}

function toInputFiles(names: readonly string[], references: References): InputFile[] {
  return names.flatMap((reference) => {
    const found = references.get(reference)
    return found?.kind === 'file' ? [InputFile.fromPartial({ reference, blob: found.file.blob })] : []
  })
}

function referencesOf(node: ExactValue): string[] {
  const inputs = node instanceof Map ? node.get('inputs') : undefined
  if (!(inputs instanceof Map)) return []
  return checkedInputsOf(node)
    .map((name) => unwrap(inputs.get(name)))
    .filter((value) => typeof value === 'string')
}

function checkedInputsOf(node: ExactValue): string[] {
  const className = node instanceof Map ? node.get('class_type') : undefined
  return typeof className === 'string' ? Object.keys(findNodeDefinition(className)?.checks ?? {}) : []
}

function unwrap(value: ExactValue | undefined): ExactValue | undefined {
  return value instanceof Map ? value.get('__value__') : value
}

/** Ends that ComfyUI's clients do not take for an answer: they send the prompt again to have it run. */
const UNSUCCESSFUL: readonly JobState[] = [
  JobState.JOB_STATE_FAILED,
  JobState.JOB_STATE_INTERRUPTED,
  JobState.JOB_STATE_CANCELLED,
  JobState.JOB_STATE_EXPIRED,
  JobState.JOB_STATE_PARKED,
]

/**
 * Stores the job. One that was submitted before is not run again when it succeeded (its end is shown again) or is
 * still on its way; when it failed or was stopped, it is, unless a key says that it must run once at most.
 */
async function submit(deps: GatewayDeps, job: Job, runsOnce: boolean): Promise<JobRecord> {
  const rules = runsOnce ? { keepsBody: true } : { runsAgainAfter: UNSUCCESSFUL }
  const { kind, record } = await deps.dispatcher.submit(job, rules)
  if (kind === 'attached' && record.state === JobState.JOB_STATE_DONE)
    deps.comfyNotices?.tell({ kind: 'replay', record })
  return record
}

function answerRejection(type: string, message: string, details: string, status = 400): Response {
  const error = toErrorObject(describeRequestError(type, message, details))
  return answerVerdict({ error, nodeErrors: new Map() }, status)
}

function answerVerdict({ error, nodeErrors }: RejectedGraph, status = 400): Response {
  const body: ExactObject = new Map([
    ['error', error],
    ['node_errors', nodeErrors],
  ])
  return answerJson(toExact(body), status)
}

function digest(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}
