import { createAgent, send } from './post.ts'
import { timeEach } from './quantiles.ts'

/** How often the end of the queue is looked for, milliseconds. */
const LOOK_MS = 20
/** A small picture in few steps: what is measured is everything around them. */
const PICTURE = { prompt: 'a cat', width: 64, height: 64, steps: 1, sampler_name: 'Euler' }

/** What is sent: ComfyUI's smallest graph, answered when it is queued, or a WebUI picture, answered when it is made. */
export type Surface = 'comfy' | 'webui'

/** Where and how much is sent. */
export interface Load {
  readonly surface: Surface
  /** Base addresses of the gateways; clients take them in turns. */
  readonly addresses: readonly string[]
  readonly jobs: number
  readonly clients: number
  /** Makes each graph another one, so that no result comes from the node cache. */
  readonly firstColor: number
}

/** Sends the jobs and waits for the last one's end. */
export async function submitJobs({ surface, addresses, jobs, clients, firstColor }: Load) {
  const agents = addresses.map(() => createAgent(clients))
  const startedAt = performance.now()
  const { durations, totalMs } = await timeEach(jobs, clients, async (index) => {
    const place = index % addresses.length
    const path = surface === 'comfy' ? '/prompt' : '/sdapi/v1/txt2img'
    const body =
      surface === 'comfy' ? createGraph(firstColor + index) : { ...PICTURE, seed: firstColor + index }
    const { status, text } = await send(agents[place]!, addresses[place]! + path, JSON.stringify(body))
    if (status !== 200) throw new Error(`submit was answered ${status}: ${text}`)
  })
  const isOver = async (): Promise<boolean> =>
    /"queue_remaining":\s*0\b/.test((await send(agents[0]!, `${addresses[0]}/prompt`)).text)
  while (surface === 'comfy' && !(await isOver()))
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  const endMs = performance.now() - startedAt
  for (const agent of agents) agent.destroy()
  return { durations, totalMs, endMs }
}

function createGraph(color: number) {
  return {
    prompt: {
      1: {
        class_type: 'EmptyImage',
        inputs: { width: 64, height: 64, batch_size: 1, color: color % 0xffffff },
      },
      2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    },
  }
}
