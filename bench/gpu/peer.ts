import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Which network of the peer is called, and how. */
export interface PeerCall {
  readonly network: 'sd15' | 'sdxl' | 'vae'
  readonly rows: number
  /** Latent pixels of a side. */
  readonly side: number
  readonly isCompiled: boolean
}

/** PyTorch beside us on the same device. */
export interface Peer {
  /** Seconds of one call. */
  call(call: PeerCall): Promise<number>
  stop(): void
}

/** Starts the peer, or says loudly that there is none. */
export async function startPeer(python: string, device: string): Promise<Peer | undefined> {
  const script = fileURLToPath(new URL('peer.py', import.meta.url))
  const child = spawn(python, [script, device], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const first = await Promise.race([lines.next(), once(child, 'error').then(() => ({ done: true }))])
  if (first.done === true) {
    console.error(`SKIPPED: ${python} has no torch and diffusers; only our side is measured`)
    return undefined
  }
  return {
    async call({ network, rows, side, isCompiled }) {
      child.stdin.write(`${network} ${rows} ${side} ${isCompiled ? 1 : 0}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the peer ended; what it said is above')
      return Number(value)
    },
    stop: () => child.stdin.end(),
  }
}
