import { isExactObject, parseExactJson, toPlain, type ExactObject } from '@atelier/catalog/exact-json'
import { findDifference } from './match-recorded.ts'
import type { RequestPictures } from './recorded-exchange.ts'
import { toRecordedOptions } from './recorded-set.ts'
import { openTestGateway, type TestGateway } from './test-gateway.ts'

/** A live preview as the recordings hold one: what counts is that it is there. */
const PREVIEW = { bytes: Uint8Array.of(1), mediaType: 'image/png', step: 1 }

/**
 * Replays a recorded sequence of progress: a job is held, each recorded state's counters are reported of it as a worker
 * would report them, and the answers compared. Tells the first difference, or undefined.
 */
export async function replayProgressOf(
  entry: ExactObject,
  pictures: RequestPictures,
): Promise<string | undefined> {
  const request = entry.get('request')
  const states = entry.get('progress')
  if (!isExactObject(request) || !Array.isArray(states)) return replayAlone(entry)
  const gateway = await openTestGateway(toRecordedOptions('progress'))
  try {
    gateway.worker.hold({ lingers: true })
    const isImage = request.has('init_images')
    const body = {
      ...(toPlain(request) as object),
      ...(isImage ? { init_images: [pictures['grad64']] } : {}),
    }
    const answer = gateway.request('POST', `/sdapi/v1/${isImage ? 'img2img' : 'txt2img'}`, {
      force_task_id: 'task(held)',
      ...body,
    })
    const taskId = String(request.get('force_task_id') ?? 'task(held)')
    await waitUntilRunning(gateway, taskId)
    const difference = await compareStates(gateway, taskId, states.filter(isExactObject))
    gateway.worker.release()
    await answer
    return difference ?? (await compareAfter(gateway, entry, taskId))
  } finally {
    await gateway.close()
  }
}

/** Entries that are one request to a server where nothing runs. */
async function replayAlone(entry: ExactObject): Promise<string | undefined> {
  const body = entry.get('body')
  if (entry.get('id') !== 'internal-unknown-task' && entry.get('id') !== 'internal-no-task') {
    return 'several requests at once are replayed by tests'
  }
  const gateway = await openTestGateway(toRecordedOptions('progress'))
  const id = entry.get('id') === 'internal-no-task' ? null : 'task(unknown)'
  const answer = await gateway.request('POST', '/internal/progress', { id_task: id })
  const difference = findDifference(parseExactJson(await answer.text()), body ?? null)
  await gateway.close()
  return difference
}

async function compareStates(
  gateway: TestGateway,
  taskId: string,
  states: readonly ExactObject[],
): Promise<string | undefined> {
  for (const [index, recorded] of states.entries()) {
    const state = recorded.get('state')
    // States of before and after the job are those of other jobs.
    if (!isExactObject(state) || Number(state.get('job_count')) <= 0 || isBetween(state)) continue
    if (state.get('interrupted') === true) await gateway.request('POST', '/sdapi/v1/interrupt')
    const hasPreview = recorded.get('current_image') !== null
    report(gateway, taskId, state, hasPreview)
    const answer = parseExactJson(await (await gateway.request('GET', '/sdapi/v1/progress')).text())
    const wanted: ExactObject = new Map(recorded)
    if (hasPreview) wanted.set('current_image', '<base64>')
    const difference = findDifference(answer, wanted, new Map(), `state ${index}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

/** The recorded server shows a job before its passes are begun, and after they have ended, with counters half set. */
function isBetween(state: ExactObject): boolean {
  const isUnnamed = Number(state.get('job_count')) > 1 && !String(state.get('job')).startsWith('Batch')
  return isUnnamed || Number(state.get('job_no')) >= Number(state.get('job_count'))
}

function report(gateway: TestGateway, taskId: string, state: ExactObject, hasPreview: boolean): void {
  const count = (key: string) => Number(state.get(key))
  const step = count('sampling_step')
  gateway.reported.set(taskId, {
    passCount: count('job_count'),
    passIndex: count('job_no'),
    step: step === 0 ? 0 : step + 1,
    totalSteps: count('sampling_steps'),
    ...(hasPreview ? { preview: { ...PREVIEW, number: 1 } } : {}),
  })
}

async function compareAfter(
  gateway: TestGateway,
  entry: ExactObject,
  taskId: string,
): Promise<string | undefined> {
  const [after, task] = [entry.get('after'), entry.get('internal_after')]
  if (isExactObject(after) && !entry.has('action')) {
    const answer = parseExactJson(await (await gateway.request('GET', '/sdapi/v1/progress')).text())
    const difference = findDifference(answer, after, new Map(), 'after')
    if (difference !== undefined) return difference
  }
  if (!isExactObject(task)) return undefined
  const answer = await gateway.request('POST', '/internal/progress', { id_task: taskId })
  return findDifference(parseExactJson(await answer.text()), task, new Map(), 'task after')
}

async function waitUntilRunning(gateway: TestGateway, taskId: string): Promise<void> {
  for (;;) {
    const answer = await gateway.request('POST', '/internal/progress', { id_task: taskId })
    if (((await answer.json()) as { active: boolean }).active) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
