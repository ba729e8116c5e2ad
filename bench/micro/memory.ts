/**
 * Resident memory of an engine: after ten switches between two checkpoints that do not fit together; at its peak while a
 * picture is decoded whole and in tiles, and while one is upscaled to 2048x2048. Each measurement has a process of its own,
 * with the allocator settings the supervisor gives engines, and the switches once without. Linux only.
 *
 * Run: node --import tsx bench/micro/memory.ts [--only switches,decode,upscale] [--side 1024]
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { HEAP } from '../../apps/gpu-worker/src/supervisor/engine-process.ts'
import { measureDecode, measureSwitches, measureUpscale } from './memory-measures.ts'
import { listEsrganShapes, listUnetShapes, listVaeShapes, listClipShapes, SD15 } from './checkpoint-shapes.ts'
import { writeRandomCheckpoint } from './random-checkpoint.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: 'switches,decode,upscale' },
    side: { type: 'string', default: '1024' },
    measure: { type: 'string' },
  },
})
/** SD1.5 at a fifth of its width. */
const NARROW = { ...SD15, modelChannels: 64 }
const temporary = (name: string) => join(tmpdir(), `atelier-memory-${name}.safetensors`)

function runMeasure(name: string, settings: Readonly<Record<string, string>>): object {
  console.error(`measuring ${name} ${JSON.stringify(settings)}`)
  const self = fileURLToPath(import.meta.url)
  const output = execFileSync(
    process.execPath,
    ['--import', 'tsx', '--expose-gc', self, '--measure', name, '--side', flags.side],
    { env: { ...process.env, ...settings }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  return JSON.parse(output.toString()) as object
}

async function measure(name: string): Promise<object> {
  const side = Number(flags.side)
  if (name === 'switches') return measureSwitches(prepareCheckpoints())
  if (name === 'upscale') {
    writeRandomCheckpoint(temporary('esrgan'), listEsrganShapes())
    return measureUpscale(temporary('esrgan'))
  }
  writeRandomCheckpoint(temporary('vae'), listVaeShapes())
  return measureDecode(temporary('vae'), side, name === 'decode tiled')
}

function prepareCheckpoints(): [string, string] {
  const [first, second] = [temporary('first'), temporary('second')] as const
  const shapes = new Map([...listUnetShapes(NARROW), ...listClipShapes(), ...listVaeShapes()])
  writeRandomCheckpoint(first, shapes)
  copyFileSync(first, second)
  return [first, second]
}

/** Each measurement is kept when it is made: all of them take a while. */
function keep(results: object): void {
  const folder = new URL('../results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const file = new URL('memory.json', folder)
  const date = new Date().toISOString().slice(0, 10)
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`
  const report = { ...readKnown(file), date, machine, ...results }
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  console.log(JSON.stringify(results, null, 2))
}

function runAll(): void {
  const wanted = flags.only.split(',')
  if (wanted.includes('switches')) {
    keep({ switches: runMeasure('switches', HEAP) })
    keep({ switchesWithoutSettings: runMeasure('switches', {}) })
  }
  if (wanted.includes('decode')) {
    keep({ decodeTiled: runMeasure('decode tiled', HEAP) })
    keep({ decodeWhole: runMeasure('decode whole', HEAP) })
  }
  if (wanted.includes('upscale')) keep({ upscaleTo2048: runMeasure('upscale', HEAP) })
}

function readKnown(file: URL): object {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object
  } catch {
    return {}
  }
}

if (flags.measure === undefined) runAll()
else console.log(JSON.stringify(await measure(flags.measure)))
