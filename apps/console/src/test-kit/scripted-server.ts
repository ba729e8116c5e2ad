import type {
  JobEventBodies,
  JobImage,
  JobSummary,
  ModelBody,
  Session,
  WorkerBody,
} from '@atelier/catalog/atelier-api'

/** A request that the page sent. */
export interface SentRequest {
  readonly method: string
  /** Path and query, without the leading slash. */
  readonly path: string
  readonly headers: Headers
  readonly body: unknown
}

/** An answer that a test gives in place of the usual one. */
export type Answer = (request: SentRequest) => Response | Promise<Response>

/** What the server says until a test changes it. */
export interface ServerState {
  session: Session
  open: readonly JobSummary[]
  ended: readonly JobSummary[]
  images: readonly JobImage[]
  workers: readonly WorkerBody[]
  models: readonly ModelBody[]
  loras: readonly { readonly name: string; readonly alias: string }[]
  vaes: readonly string[]
}

/** A server of the page's routes, in place of `fetch`. */
export interface ScriptedServer {
  readonly state: ServerState
  /** Everything that was asked for, in order. */
  readonly sent: readonly SentRequest[]
  /** Requests whose path begins so, the last one last. */
  findSent(start: string): readonly SentRequest[]
  /** Answers requests whose path begins so; the test's last word counts. */
  answer(start: string, answer: Answer): void
  /** Sends an event to whoever listens. */
  tell<Name extends keyof JobEventBodies>(name: Name, data: JobEventBodies[Name]): void
  readonly fetch: typeof fetch
}

const NO_JOB: JobSummary = {
  ...{ id: 'a', public_id: 'a', surface: 'sdapi', kind: 'text-to-image', state: 'queued', attempt: 1 },
  ...{ submitted_at_ms: 0, started_at_ms: null, ended_at_ms: null, worker: null, checkpoint: null },
  ...{ prompt: '', steps: 20, width: 512, height: 512, wanted_images: 1, image_count: 0 },
  ...{ progress: null, error: null, remarks: [] },
}

/** A job in a list. */
export function toJob(changes: Partial<JobSummary>): JobSummary {
  return { ...NO_JOB, ...changes }
}

/** A model file that can be used. */
export function toModel(changes: Partial<ModelBody>): ModelBody {
  return {
    ...{ kind: 'checkpoint', name: 'dream.safetensors', family: 'sd1', title: '', resolution: '' },
    ...{ size_bytes: 2_000_000_000, modified_at_ms: 0, sha256: '', unusable_reason: '' },
    ...{ workers: ['gpu-a'], loaded_on: [] },
    ...changes,
  }
}

/** Makes a server. */
export function createScriptedServer(changes: Partial<ServerState> = {}): ScriptedServer {
  const state: ServerState = {
    session: { authentication: 'none', tenant: 'default', version: '1.2.3' },
    ...{ open: [], ended: [], images: [], workers: [], loras: [], vaes: [] },
    models: [toModel({})],
    ...changes,
  }
  const sent: SentRequest[] = []
  const answers: { readonly start: string; readonly answer: Answer }[] = []
  const streams: ReadableStreamDefaultController<Uint8Array>[] = []
  const write = (name: string, data: unknown): Uint8Array =>
    new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  const listen = (): Response => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        streams.push(controller)
        controller.enqueue(write('jobs', { jobs: state.open }))
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
  const fetch = async (address: URL | RequestInfo, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(address instanceof Request ? address.url : address)
    const request: SentRequest = {
      method: init.method ?? 'GET',
      path: `${url.pathname.slice(1)}${url.search}`,
      headers: new Headers(init.headers),
      body: typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined,
    }
    sent.push(request)
    const scripted = answers.findLast(({ start }) => request.path.startsWith(start))
    if (scripted !== undefined) return scripted.answer(request)
    return request.path === 'atelier/v1/events' ? listen() : answerUsually(request, state)
  }
  return {
    ...{ state, sent, fetch },
    findSent: (start) => sent.filter(({ path }) => path.startsWith(start)),
    answer: (start, answer) => void answers.push({ start, answer }),
    tell: (name, data) => streams.at(-1)?.enqueue(write(name, data)),
  }
}

function answerUsually({ method, path }: SentRequest, state: ServerState): Response {
  const named = (names: readonly string[]) => names.map((name) => ({ name }))
  const usual: Readonly<Record<string, unknown>> = {
    'atelier/v1/session': state.session,
    'atelier/v1/workers': { workers: state.workers },
    'atelier/v1/models': { models: state.models },
    'atelier/v1/jobs/forget': { forgotten: 1 },
    'sdapi/v1/sd-models': state.models
      .filter(({ kind }) => kind === 'checkpoint')
      .map(({ name }) => ({ title: name, model_name: name.replace(/\.[a-z]+$/, ''), hash: null })),
    'sdapi/v1/options': { sd_model_checkpoint: '' },
    'sdapi/v1/sd-vae': state.vaes.map((name) => ({ model_name: name })),
    'sdapi/v1/samplers': named(['Euler a', 'Euler', 'DDIM']),
    'sdapi/v1/schedulers': [{ label: 'Automatic' }, { label: 'Karras' }],
    'sdapi/v1/upscalers': named(['None', 'Lanczos']),
    'sdapi/v1/latent-upscale-modes': named(['Latent']),
    'sdapi/v1/loras': state.loras,
    'sdapi/v1/txt2img': { id: 'sent' },
    'sdapi/v1/img2img': { id: 'sent' },
  }
  const body = usual[path]
  if (body !== undefined) return Response.json(body)
  if (path.startsWith('atelier/v1/jobs?')) return Response.json({ jobs: state.ended })
  if (/^atelier\/v1\/jobs\/[^/]+\/images$/.test(path)) return Response.json({ images: state.images })
  if (/^atelier\/v1\/jobs\/[^/]+\/(images\/|preview)/.test(path)) return new Response(new Blob(['picture']))
  if (method === 'GET') return Response.json({ detail: 'Not Found' }, { status: 404 })
  return Response.json({})
}
