import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { openNetwork, type NetworkName, type Where } from './networks.ts'
import type { Peer } from './peer.ts'
import { median, round } from './statistics.ts'

/** How a network is measured. */
export interface CurveOptions extends Where {
  /** Pixels of a side of the picture. */
  readonly pixels: number
  /** Measured calls of each kind. */
  readonly rounds: number
  readonly peer: Peer | undefined
  /** Numbers of rows, in the order in which they are measured. */
  readonly rows: readonly number[]
  /** Numbers of rows for which the peer is compiled too. */
  readonly compiledRows: readonly number[]
  /** Whether the time is over; asked before each number of rows. */
  readonly isLate: () => boolean
}

/** Calls before those that count: the first of a shape searches kernels. */
const WARM_UPS = 2

/** Milliseconds of a call by its rows, ours and the peer's in turns, after some of each that do not count. */
export async function measureNetwork(network: NetworkName, options: CurveOptions) {
  const { pixels, rounds, peer, rows: counts, compiledRows, isLate } = options
  const { loadSeconds, call, release } = await openNetwork(network, options)
  const side = pixels / 8
  const curve = []
  for (const rows of counts) {
    if (isLate()) break
    const kinds: Record<string, () => Promise<number>> = { ours: () => call(rows, side) }
    if (peer !== undefined) {
      kinds['eagerPeer'] = () => peer.call({ network, rows, side, isCompiled: false })
      if (compiledRows.includes(rows))
        kinds['compiledPeer'] = () => peer.call({ network, rows, side, isCompiled: true })
    }
    try {
      curve.push({ rows, ...(await timeKinds(kinds, rounds)) })
    } catch (error) {
      // Others may fit.
      curve.push({ rows, failed: error instanceof Error ? error.message.slice(0, 500) : String(error) })
    }
    console.log(JSON.stringify({ network, ...curve.at(-1) }))
  }
  await release()
  return { network, pixels, loadSeconds: round(loadSeconds), curve }
}

async function timeKinds(kinds: Readonly<Record<string, () => Promise<number>>>, rounds: number) {
  const firstMs = round(1000 * (await kinds['ours']!()))
  const times = new Map<string, number[]>()
  for (const [kind, run] of Object.entries(kinds)) {
    try {
      for (let i = 0; i < WARM_UPS; i += 1) await run()
      times.set(kind, [])
    } catch (error) {
      if (kind === 'ours') throw error
      console.error(`SKIPPED: ${kind}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  for (let i = 0; i < rounds; i += 1) for (const [kind, own] of times) own.push(await kinds[kind]!())
  const medians = [...times].map(([kind, seconds]) => [`${kind}Ms`, round(1000 * median(seconds))])
  return { firstMs, ...(Object.fromEntries(medians) as Record<string, number>) }
}

/** Seconds from nothing to the end of a network's first call: the file from the disk, and from the page cache. */
export async function measureLoading(network: NetworkName, where: Where, pixels: number) {
  const load = async () => {
    const { loadSeconds, call, release } = await openNetwork(network, where)
    const firstCall = await call(2, pixels / 8)
    await release()
    return { loadSeconds: round(loadSeconds), firstCallSeconds: round(firstCall) }
  }
  // The process has CUDA's context and kernels by then.
  await load()
  return {
    fromPageCache: await load(),
    fromDisk:
      where.device !== 'cpu' && dropPageCache()
        ? await load()
        : 'not measured: the page cache cannot be dropped here',
  }
}

function dropPageCache(): boolean {
  try {
    execFileSync('sync')
    writeFileSync('/proc/sys/vm/drop_caches', '1')
    return true
  } catch {
    return false
  }
}
