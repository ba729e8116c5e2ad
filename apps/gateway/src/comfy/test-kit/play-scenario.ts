import { playRun, readRuns, type RecordedFrame, type RecordedRun, type Scenario } from './socket-scenario.ts'
import { ScenarioPlayer, type ScenarioDifferences } from './scenario-player.ts'
import type { Script } from './scripted-dispatcher.ts'
import { openTestGateway, type TestGateway } from './test-gateway.ts'

/** Prepares a fresh gateway for a scenario (models, input files). */
export type PrepareGateway = (gateway: TestGateway) => Promise<void>

/**
 * Plays a recorded scenario against a gateway whose worker does what the recorded one did, and compares what the
 * sockets hear.
 */
export async function playScenario(
  scenario: Scenario,
  prepare: PrepareGateway,
): Promise<ScenarioDifferences> {
  const runs = await readAllRuns(scenario)
  const world: { gateway?: TestGateway; player?: ScenarioPlayer } = {}
  const script: Script = async (run) => {
    const recorded = runs.get(run.job.publicId) ?? guessRun(scenario, run.job.publicId)
    return playRun(recorded, run, world.gateway as TestGateway)
  }
  const gateway = await openTestGateway({
    settings: toSettings(scenario.server_args),
    script,
    beforeTelling: async () => world.player?.waitForSteps(),
  })
  try {
    world.gateway = gateway
    await prepare(gateway)
    world.player = new ScenarioPlayer(scenario, {
      connect: (clientId) => gateway.connect(clientId),
      request: (method, path, body) => gateway.request(method, path, body),
      settle: () => gateway.dispatcher.settle(),
    })
    return await world.player.play()
  } finally {
    await gateway.close()
  }
}

async function readAllRuns(scenario: Scenario): Promise<Map<string, RecordedRun>> {
  const runs = new Map<string, RecordedRun>()
  const clients = new Map(
    scenario.steps.filter((step) => step.do === 'connect').map((step) => [step.socket ?? '', step.clientId]),
  )
  const byClient = new Map<unknown, RecordedFrame[]>()
  for (const [name, frames] of Object.entries(scenario.messages)) {
    const client = clients.get(name) ?? name
    // Sockets of one client heard parts of the same runs, one after the other.
    byClient.set(client, [...(byClient.get(client) ?? []), ...frames])
  }
  for (const frames of byClient.values()) {
    for (const [promptId, run] of await readRuns(frames)) {
      const known = runs.get(promptId)
      if (known === undefined || known.happenings.length < run.happenings.length) runs.set(promptId, run)
    }
  }
  return runs
}

/** A run nobody heard of: where it has an error it is told nowhere, so any will do. */
function guessRun(scenario: Scenario, promptId: string): RecordedRun {
  const isError = /error/.test(scenario.name)
  const progress = Object.values(scenario.messages)[0]?.filter(({ type }) => type === 'progress_state') ?? []
  const nodes = (progress[0]?.data?.['nodes'] ?? {}) as Record<string, unknown>
  const happenings = [
    { $case: 'jobStart' as const, value: { cachedNodeIds: [], passCount: 1 } },
    ...Object.keys(nodes).map((nodeId) => ({ $case: 'nodeStart' as const, value: { nodeId } })),
  ]
  const data = {
    ...{ prompt_id: promptId, node_id: '1', node_type: '', executed: [], current_inputs: {} },
    ...{ exception_message: 'failed\n', exception_type: 'RuntimeError' },
  }
  return { happenings, end: { type: isError ? 'execution_error' : 'execution_success', data } }
}

/** The settings that stand for command-line switches of the original. */
export function toSettings(args: readonly string[]): Record<string, string> {
  const option = (name: string): string | undefined => args[args.indexOf(name) + 1]
  const settings: Record<string, string> = {}
  if (args.includes('--preview-method'))
    settings['ATELIER_PREVIEW_METHOD'] = option('--preview-method') ?? 'none'
  if (args.includes('--preview-size')) settings['ATELIER_PREVIEW_SIZE'] = option('--preview-size') ?? '512'
  if (args.includes('--cache-lru')) settings['ATELIER_NODE_CACHE'] = `recent:${option('--cache-lru')}`
  if (args.includes('--cache-none')) settings['ATELIER_NODE_CACHE'] = 'none'
  if (args.includes('--disable-metadata')) settings['ATELIER_DISABLE_METADATA'] = '1'
  return settings
}
