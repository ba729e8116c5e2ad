import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { playScenario } from '../test-kit/play-scenario.ts'
import type { Scenario } from '../test-kit/socket-scenario.ts'
import { prepareRecorded } from '../test-kit/recorded-world.ts'

const lines = readFileSync(new URL('../__fixtures__/ws.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const scenarios = lines.map((line) => JSON.parse(line) as Scenario)

describe('the websocket says what ComfyUI said', () => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    'in the scenario %s',
    async (_name, scenario) => {
      expect(await playScenario(scenario, prepareRecorded)).toEqual([])
    },
  )
})
