import { formatExactJson, parseExactJson, type ExactObject } from '@atelier/catalog/exact-json'
import type { RecordedExchange, RequestPictures } from './recorded-exchange.ts'
import { RECORDED_MODELS, RECORDED_STYLES } from './recorded-world.ts'
import { replayExchange, type Send, type Verdict } from './replay.ts'
import type { TestGatewayOptions } from './test-gateway.ts'

/** A gateway with what the recorded server had, its switches included. */
export function toRecordedOptions(recording: string): TestGatewayOptions {
  const settings = {
    ATELIER_CORS_ALLOW_ORIGINS: 'https://app.example',
    ATELIER_CORS_ALLOW_ORIGINS_REGEX: 'https://x\\d\\.example\\.org',
    ATELIER_API_AUTH: 'user:pass,bob:x',
  }
  return {
    models: RECORDED_MODELS,
    styles: RECORDED_STYLES,
    settings: recording === 'auth' ? settings : {},
  }
}

const postJson = (send: Send, path: string, body: unknown) =>
  send('POST', path, {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })

/** Brings a server to where the recorded one was before the first exchange of a recording. */
async function prepareRecording(
  recording: string,
  exchanges: readonly RecordedExchange[],
  send: Send,
): Promise<void> {
  if (recording === 'get') {
    // Its configuration file held every option.
    const answer = await send('GET', '/sdapi/v1/options', { headers: {}, body: undefined })
    const options = parseExactJson(await answer.text()) as ExactObject
    options.set('sd_model_checkpoint', 'tiny-a.safetensors')
    await postJson(send, '/sdapi/v1/options', formatExactJson(options))
  }
  if (recording === 'nowebui_get') {
    const left = { CLIP_stop_at_last_layers: 1, randn_source: 'CPU', eta_noise_seed_delta: 7 }
    await postJson(send, '/sdapi/v1/options', left)
  }
  const isCounted = exchanges.some(({ id }) => id === 'progress')
  const request = { steps: 3, width: 64, height: 64, seed: 1, save_images: false }
  if (isCounted) await postJson(send, '/sdapi/v1/txt2img', request)
}

/** Cases of infotext.jsonl whose format was set by an option that the recording leaves out. */
const FORMAT_CASE = /^(?:format|format-unicode|extras|no-info) (\w+)$/

/** Replays a whole recording in its order. */
export async function replayRecording(
  recording: string,
  exchanges: readonly RecordedExchange[],
  { send, pictures }: { readonly send: Send; readonly pictures: RequestPictures },
): Promise<Verdict[]> {
  await prepareRecording(recording, exchanges, send)
  const verdicts: Verdict[] = []
  for (const exchange of exchanges) {
    const format = FORMAT_CASE.exec(exchange.id)?.[1]
    if (format !== undefined) await postJson(send, '/sdapi/v1/options', { samples_format: format })
    verdicts.push(await replayExchange(exchange, send, pictures))
  }
  return verdicts
}
