/**
 * What ONNX Runtime's CUDA provider makes of the graphs for CUDA where there is no GPU: the provider itself, on a stand-in
 * for the device that calculates nothing (`stand-in/stand-in.c`). It shows that the provider takes every op of a graph, that
 * calls are captured and replayed as CUDA graphs, how many launches a call costs, what memory is held, and what a capture
 * must not contain. It says nothing about time or numbers.
 *
 * Run: node --import tsx bench/gpu/rehearse.ts [--networks NAME,…] [--rows 2,8] [--side 512]
 * Needs a C compiler and the provider (`npm run install:cuda`). Writes `bench/results/rehearsal.json`; fails where a call
 * is refused or would be replayed wrongly.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  CUDA_FILES,
  locateRuntime,
  PROVIDER_FILES,
} from '../../apps/gpu-worker/src/devices/cuda-libraries.ts'
import { GRAPHS } from './graphs.ts'
import { readTrace, type Rehearsal } from './stand-in/read-trace.ts'

const { values: flags } = parseArgs({
  options: {
    networks: { type: 'string', default: Object.keys(GRAPHS).join() },
    rows: { type: 'string', default: '2,8' },
    side: { type: 'string', default: '512' },
  },
})
/** By the names under which the provider asks for them. */
const LIBRARIES = ['libcuda.so.1', ...CUDA_FILES, 'libcudnn.so']

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

function build(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stand-in-'))
  const library = join(folder, 'stand-in.so')
  const options = ['-O1', '-shared', '-fPIC', '-Wno-builtin-declaration-mismatch']
  execFileSync('cc', [...options, '-o', library, here('stand-in/stand-in.c'), '-lpthread'])
  for (const name of LIBRARIES) symlinkSync(library, join(folder, name))
  return folder
}

function rehearse(name: string, folder: string): Rehearsal {
  const trace = join(folder, `${name}.trace`)
  const program = here('stand-in/rehearse-network.ts')
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', program, name, flags.rows, flags.side],
    { env: { ...process.env, STAND_IN_TRACE: trace, LD_LIBRARY_PATH: folder }, encoding: 'utf8' },
  )
  const rehearsal = readTrace(name, existsSync(trace) ? readFileSync(trace, 'utf8') : '')
  if (status === 0) return rehearsal
  const reason = /^\w*Error: (.*)$/m.exec(stderr)?.[1] ?? `it ended with ${status}`
  return { ...rehearsal, faults: [...rehearsal.faults, reason.slice(0, 300)] }
}

function main(): void {
  const { providerFolder } = locateRuntime()
  if (!PROVIDER_FILES.every((file) => existsSync(join(providerFolder, file))))
    throw new Error('the CUDA provider is not there; run: npm run install:cuda')
  const folder = build()
  try {
    const rows = flags.networks.split(',').map((name) => {
      const row = rehearse(name, folder)
      console.log(toLine(row))
      return row
    })
    const known = { date: new Date().toISOString().slice(0, 10), side: Number(flags.side), networks: rows }
    writeFileSync(here('../results/rehearsal.json'), `${JSON.stringify(known, null, 2)}\n`)
    if (rows.some(({ faults }) => faults.length > 0)) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function toLine({ network, launches, isCaptured, heldMib, peakMib, faults }: Rehearsal): string {
  const counts = `${launches} launches, ${isCaptured ? 'captured' : 'not captured'}`
  const lines = [`${network}: ${counts}; ${heldMib} MiB loaded, ${peakMib} MiB at most`]
  return [...lines, ...faults.map((fault) => `  ${fault}`)].join('\n')
}

main()
