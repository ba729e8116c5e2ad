import { JobResult } from '@atelier/proto'
import { compareAnswer, sendRecorded, type Exchange } from './exchange.ts'
import type { Bindings } from './match-recorded.ts'
import { toRecordedOutcome, type RecordedEntry } from './recorded-outcome.ts'
import { readRecordedInput } from './recorded-world.ts'
import type { Script } from './scripted-dispatcher.ts'
import { openTestGateway, type TestGateway } from './test-gateway.ts'

/** How one exchange compared; no difference: it passed. */
export interface ExchangeVerdict {
  readonly name: string
  readonly difference?: string
}

/** Replays exchanges in order against one gateway whose worker ends jobs as their recorded histories say. */
export async function replayExchanges(
  exchanges: readonly Exchange[],
  prepare: (gateway: TestGateway) => Promise<void>,
): Promise<ExchangeVerdict[]> {
  const entries = listEntries(exchanges)
  let accepted = 0
  let isHeld = false
  const runs = new Map<string, number>()
  const script: Script = async (run) => {
    const { publicId } = run.job
    const count = runs.get(publicId) ?? 0
    runs.set(publicId, count + 1)
    const own = entries.get(publicId) ?? entries.get(`#${accepted}`) ?? []
    const entry = own[Math.min(count, own.length - 1)]
    const outcome = entry === undefined ? undefined : toRecordedOutcome(entry)
    if (outcome?.kind === 'interrupted' || isHeld) await run.hold()
    return outcome ?? { kind: 'done', result: JobResult.create() }
  }
  const gateway = await openTestGateway({ script })
  const bindings: Bindings = new Map()
  const verdicts: ExchangeVerdict[] = []
  try {
    await prepare(gateway)
    for (const [index, exchange] of exchanges.entries()) {
      if (isAcceptedPrompt(exchange)) {
        accepted += 1
        isHeld = isAskedTooEarly(exchange, exchanges[index + 1])
      }
      const send = async (path: string, init: RequestInit) => gateway.app.request(path, init)
      await fillConditions(gateway, exchange)
      const answer = await sendRecorded(send, exchange, bindings, readRecordedInput)
      const difference = await compareAnswer(answer, exchange, bindings)
      verdicts.push({ name: exchange.name, ...(difference === undefined ? {} : { difference }) })
      if (!isAcceptedPrompt(exchange)) gateway.dispatcher.release(isHeld)
      await gateway.dispatcher.settle()
    }
  } finally {
    await gateway.close()
  }
  return verdicts
}

/**
 * Recorded histories, one for each run of a prompt id; by place among the accepted prompts where the id was the server's
 * choice.
 */
function listEntries(exchanges: readonly Exchange[]): ReadonlyMap<string, RecordedEntry[]> {
  const entries = new Map<string, RecordedEntry[]>()
  const enter = (key: string, entry: RecordedEntry): void => {
    const known = entries.get(key) ?? []
    const isNew = known.every(({ prompt }) => prompt[0] !== entry.prompt[0])
    if (isNew) entries.set(key, [...known, entry])
  }
  let accepted = 0
  for (const exchange of exchanges) {
    if (isAcceptedPrompt(exchange)) accepted += 1
    if (!exchange.request.path.startsWith('/history') || exchange.response.json === undefined) continue
    for (const [promptId, entry] of Object.entries(exchange.response.json as Record<string, RecordedEntry>)) {
      if (entry.status === undefined) continue
      enter(promptId.startsWith('<') ? `#${accepted}` : promptId, entry)
    }
  }
  return entries
}

/** The recorder asked for the history before the prompt had ended, and was shown the earlier one of the same id. */
function isAskedTooEarly(submitted: Exchange, next: Exchange | undefined): boolean {
  const { prompt_id: promptId, number } = submitted.response.json as { prompt_id: string; number: unknown }
  const shown = (next?.response.json as Record<string, RecordedEntry> | undefined)?.[promptId]
  return typeof number === 'number' && shown?.prompt !== undefined && shown.prompt[0] !== number
}

function isAcceptedPrompt({ request, response }: Exchange): boolean {
  return request.method === 'POST' && /^(\/api)?\/prompt$/.test(request.path) && response.status === 200
}

/** Puts the validators of the file asked for where the recording has a placeholder. */
async function fillConditions(gateway: TestGateway, { request }: Exchange): Promise<void> {
  const headers = request.headers ?? {}
  const wanted = Object.entries(headers).filter(([, value]) => /^<(ETAG|DATE) of the file>$/.test(value))
  if (wanted.length === 0) return
  const whole = await gateway.request('GET', request.path)
  for (const [name, value] of wanted)
    headers[name] = whole.headers.get(value.startsWith('<ETAG') ? 'etag' : 'last-modified') ?? ''
}
