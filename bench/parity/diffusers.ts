/** Compares Diffusers folders with the networks and pipelines recorded from them. Run: node --import tsx bench/parity/diffusers.ts */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { loadCheckpoint } from '../../apps/gpu-worker/src/engine/models/load-model.ts'
import { openFixture, readCases, TEST_SESSION } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { compareCase, compareValues, findFixtures, report, type Comparison } from './report.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const here = (name: string) => new URL(`file://${folder}models/${name}`)
/** One network call, values of order 1. */
const NETWORK = () => 2e-5

/** A folder of the recordings, its weights unpacked, in a temporary one. */
function unpackFolder(name: string): string {
  const root = join(mkdtempSync(join(tmpdir(), 'diffusers-')), name)
  cpSync(here(`diffusers/${name}`).pathname, root, { recursive: true })
  const unpack = (at: string): void => {
    for (const entry of readdirSync(at)) {
      const path = join(at, entry)
      if (statSync(path).isDirectory()) unpack(path)
      else if (entry.endsWith('.gz')) {
        writeFileSync(path.slice(0, -'.gz'.length), gunzipSync(readFileSync(path)))
        rmSync(path, { force: true })
      }
    }
  }
  unpack(root)
  return root
}

async function compareUnet(name: 'sd1' | 'sdxl', path: string): Promise<Comparison[]> {
  const { value, release } = loadCheckpoint(path, name, TEST_SESSION)
  const tensors = openFixture(here(`${name}/unet.safetensors`))
  const comparisons: Comparison[] = []
  for (const { case: row } of readCases<{ case: number }>(here(`${name}/unet.jsonl`))) {
    comparisons.push(
      await compareCase(`${name} networks`, `unet ${row}`, async () => {
        const label = tensors.has(`${row}.y`) ? { label: tensors.tensor(`${row}.y`) } : {}
        const prediction = await value.model.predict({
          latent: tensors.tensor(`${row}.x`),
          timesteps: tensors.tensor(`${row}.timesteps`).data,
          context: tensors.tensor(`${row}.context`),
          ...label,
        })
        return compareValues(prediction.data, tensors.tensor(`${row}.out`).data, NETWORK)
      }),
    )
  }
  await release()
  return comparisons
}

const comparisons: Comparison[] = []
for (const name of ['sd1', 'sdxl'] as const) {
  const path = unpackFolder(name)
  comparisons.push(...(await compareUnet(name, path)))
}
process.exitCode = report('diffusers', 'Diffusers folders', comparisons) ? 0 : 1
