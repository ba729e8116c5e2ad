import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { NetworkName } from './networks.ts'

/** Which network of the peer is called, and how. */
export interface PeerCall {
  readonly network: NetworkName
  readonly rows: number
  /** Latent pixels of a side. */
  readonly side: number
  readonly isCompiled: boolean
}

/** PyTorch beside us on the same device. */
export interface Peer {
  /** Its versions and how it is compiled. */
  readonly description: string
  /** Seconds of one call. */
  call(call: PeerCall): Promise<number>
  stop(): Promise<void>
}

/** Starts the peer, or says loudly that there is none. */
export async function startPeer(python: string, device: string): Promise<Peer | undefined> {
  const script = fileURLToPath(new URL('peer.py', import.meta.url))
  const child = spawn(python, [script, device], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  // Whatever keeps it from starting: no Python, no torch, a torch that does not fit the device.
  const first = await Promise.race([
    lines.next(),
    once(child, 'error').then((): IteratorResult<string> => ({ done: true, value: undefined })),
  ])
  if (first.done === true) {
    console.error(`SKIPPED: ${python} cannot run the peer (torch and diffusers); only our side is measured`)
    return undefined
  }
  return {
    description: first.value,
    async call({ network, rows, side, isCompiled }) {
      child.stdin.write(`${network} ${rows} ${side} ${isCompiled ? 1 : 0}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the peer ended; what it said is above')
      if (value.startsWith('failed')) throw new Error(`the peer: ${value}`)
      return Number(value)
    },
    async stop() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}
