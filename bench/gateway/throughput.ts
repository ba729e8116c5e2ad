import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startCluster } from '../../e2e/kit/cluster.ts'
import { startNatsCluster } from '../../e2e/kit/nats-cluster.ts'
import { measureFloor } from './jetstream-floor.ts'
import { compareProcessorTime, readProcessorTime } from './processor-time.ts'
import { toQuantiles } from './quantiles.ts'
import { submitJobs, type Surface } from './submit-jobs.ts'

// Submitting and finishing the smallest job of either surface with the fake engine (ComfyUI: EmptyImage ->
// PreviewImage; WebUI: one step of 64x64), beside the floor: one acknowledged JetStream publish. `--nodes 0` takes the
// embedded ledger, which has no such floor; `--peer` sends the graphs to a running ComfyUI as well. Times are those of
// warm programs: `--warm` jobs come before.

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: '1000' },
    warm: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    nodes: { type: 'string', default: '1' },
    gateways: { type: 'string', default: '1' },
    slots: { type: 'string', default: '8' },
    clients: { type: 'string', default: '1,8' },
    surfaces: { type: 'string', default: 'comfy,webui' },
    /** Address of a ComfyUI that gets the same graphs between the rounds. */
    peer: { type: 'string' },
    profile: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const JOBS = Number(options.jobs)
const ROUNDS = Number(options.rounds)

const nats = Number(options.nodes) === 0 ? undefined : await startNatsCluster(Number(options.nodes))
const cluster = await startCluster({
  ...(nats && { natsUrl: nats.url }),
  gateways: Number(options.gateways),
  workers: 1,
  environment: { ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '0', ATELIER_SLOTS: options.slots },
  ...(options.profile ? { gatewayFlags: ['--cpu-prof', '--cpu-prof-dir=/tmp/atelier-profile'] } : {}),
})
const addressesOf = (surface: Surface): string[] => cluster.gateways.map((gateway) => gateway[surface])

/** Sends a round's jobs, of colours that no other round has. */
async function submitRound(surface: Surface, addresses: readonly string[], clients: number, round: number) {
  const firstColor = (round * 100 + clients) * JOBS
  const { durations, totalMs, endMs } = await submitJobs({
    surface,
    addresses,
    clients,
    firstColor,
    jobs: JOBS,
  })
  return {
    ...{ clients, jobs: JOBS, submit: toQuantiles(durations) },
    submitsPerSecond: Math.round((JOBS / totalMs) * 1000),
    jobsPerSecond: Math.round((JOBS / endMs) * 1000),
  }
}

async function runRound(surface: Surface, clients: number, round: number) {
  const before = readProcessorTime()
  const figures = await submitRound(surface, addressesOf(surface), clients, round)
  return { surface, ...figures, ...compareProcessorTime(before, readProcessorTime(), JOBS) }
}

async function runPeerRound(peer: string, clients: number, round: number) {
  return { peer, ...(await submitRound('comfy', [peer], clients, round)) }
}

try {
  const rounds: unknown[] = []
  const show = (figures: object): void => {
    rounds.push(figures)
    process.stdout.write(`${JSON.stringify(figures)}\n`)
  }
  for (const surface of options.surfaces.split(',') as Surface[]) {
    await submitJobs({
      ...{ surface, addresses: addressesOf(surface), clients: 8, firstColor: 0 },
      jobs: Number(options.warm),
    })
    // The floor is measured between the rounds, on the machine as it is then.
    for (const clients of options.clients.split(',').map(Number))
      for (let round = 1; round <= ROUNDS; round += 1) {
        if (nats !== undefined) show(await measureFloor(nats.url, Math.min(3, nats.nodes.length), clients))
        show(await runRound(surface, clients, round))
        if (options.peer !== undefined && surface === 'comfy')
          show(await runPeerRound(options.peer, clients, round))
      }
  }
  const { out, ...settings } = options
  const machine = `${cpus().length} x ${cpus()[0]?.model}`
  const result = { when: new Date().toISOString(), machine, settings, rounds }
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`)
} catch (error) {
  for (const program of [...cluster.gateways, ...cluster.workers])
    process.stderr.write(`${program.name}:\n${program.output()}\n`)
  throw error
} finally {
  await cluster.stop()
  await nats?.dispose()
}
