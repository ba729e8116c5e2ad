import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseRecorded, type Exchange } from './test-kit/exchange.ts'
import { prepareRecorded, prepareRoutes } from './test-kit/recorded-world.ts'
import { replayExchanges } from './test-kit/replay-exchanges.ts'

function readExchanges(name: string): Exchange[] {
  const text = readFileSync(new URL(`__fixtures__/${name}`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => parseRecorded(line) as Exchange)
}

async function listDifferences(
  exchanges: readonly Exchange[],
  deliberate: Readonly<Record<string, string>> = {},
  prepare = prepareRecorded,
): Promise<string[]> {
  const verdicts = await replayExchanges(exchanges, prepare)
  // A deliberate difference that has gone is worth a failure, too.
  const surprising = verdicts.filter(
    ({ name, difference }) => (difference === undefined) === Object.hasOwn(deliberate, name),
  )
  return surprising.map(
    ({ name, difference = 'agrees, though listed as different' }) => `${name}: ${difference}`,
  )
}

const DELIBERATE_ROUTES = {
  bare_models_configs: 'configuration files of checkpoints are neither read nor listed',
  bare_models_custom_nodes: 'there are no files of custom nodes',
  bare_experiment_preview: 'pictures beside model files stay on the workers',
  api_experiment_preview: 'the same',
  bare_assets: 'the front end is not served',
  root: 'the same; the app has a page of its own there',
  root_index: 'the same',
  existing_png_in_static_folder: 'the same',
  'view_gray16.png_channel=rgb': '16-bit grey is scaled, not cut off',
  api_jobs: 'later versions have it, and their front ends need it',
  internal_logs_raw: 'the logs of the server are not for its clients',
}

describe('the HTTP routes answer as ComfyUI did', () => {
  it('to prompts it accepted, and in their histories', async () => {
    expect(await listDifferences(readExchanges('prompt_ok.jsonl'))).toEqual([])
  })

  it('to prompts it rejected', async () => {
    expect(
      await listDifferences(readExchanges('prompt_errors.jsonl'), {
        'load_image_/etc/passwd': 'files of the server are never opened',
        all_outputs_bad: 'the order of outputs is that of the graph, not of a set',
        origin_null: 'pages without an origin may not submit',
      }),
    ).toEqual([])
  })

  it('to queue, interrupt, free and history', async () => {
    expect(
      await listDifferences(readExchanges('control.jsonl'), {
        queue_after_delete: 'a heap that lost a prompt is ordered as if it had never been there',
      }),
    ).toEqual([])
  })

  it('to uploads', async () => {
    expect(await listDifferences(readExchanges('upload.jsonl'))).toEqual([])
  })

  it('to everything else', async () => {
    const exchanges = readExchanges('routes.jsonl')
    expect(await listDifferences(exchanges, DELIBERATE_ROUTES, prepareRoutes(exchanges))).toEqual([])
  })
})
