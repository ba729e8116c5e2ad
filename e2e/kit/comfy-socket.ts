import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

/** How long a frame may take to come, milliseconds. */
const FRAME_LIMIT_MS = 30_000

/** A frame of ComfyUI's websocket. */
export interface Frame {
  readonly type: string
  readonly data: Record<string, unknown>
}

/** A client's websocket and the frames it has heard. */
export interface ComfySocket {
  readonly frames: readonly Frame[]
  /** Resolves when a heard frame is what is waited for; rejects when none comes in time. */
  until(isIt: (frame: Frame) => boolean): Promise<void>
  close(): void
}

/** Opens a websocket of a client at a ComfyUI address. */
export async function openComfySocket(comfy: string, clientId: string): Promise<ComfySocket> {
  const socket = new WebSocket(`${comfy.replace('http', 'ws')}/ws?clientId=${clientId}`)
  const frames: Frame[] = []
  socket.on('message', (data, isBinary) => {
    if (!isBinary) frames.push(JSON.parse(data.toString()) as Frame)
  })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return {
    frames,
    close: () => socket.close(),
    async until(isIt) {
      const limit = Date.now() + FRAME_LIMIT_MS
      while (!frames.some(isIt)) {
        if (Date.now() > limit) throw new Error(`not told: ${JSON.stringify(frames.map(({ type }) => type))}`)
        await sleep(20)
      }
    },
  }
}

/** Whether a frame tells that a prompt has ended. */
export function isEndOf({ type, data }: Frame, promptId: string): boolean {
  return type === 'executing' && data['node'] === null && data['prompt_id'] === promptId
}
