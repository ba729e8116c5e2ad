/** Compares what is read and what is refused of weight files with the originals' readers. Run: node --import tsx bench/parity/files.ts */
import { existsSync } from 'node:fs'
import { CheckpointError } from '../../apps/gpu-worker/src/engine/checkpoint/checkpoint-error.ts'
import { readTensor } from '../../apps/gpu-worker/src/engine/checkpoint/read-tensor.ts'
import { readWeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/read-weight-file.ts'
import { readSafetensors } from '../../apps/gpu-worker/src/engine/checkpoint/safetensors.ts'
import { readTensorBytes, type WeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/weight-file.ts'
import { compareCase, compareValues, findFixtures, report, type Comparison } from './report.ts'
import { readLines } from './sampling-fixtures.ts'
import { TinyModels } from './tiny-models.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const models = `${folder}models/`
const tiny = new TinyModels(folder)
const comparisons: Comparison[] = []
const compare = async (group: string, name: string, compute: () => number) =>
  comparisons.push(await compareCase(group, name, compute))

interface Verdict {
  readonly file: string
  readonly expected: string
}

/** 0 where both files hold the same tensors, bit for bit. */
function compareTensors(actual: WeightFile, expected: WeightFile): number {
  if (actual.tensors.size !== expected.tensors.size) return Infinity
  for (const [name, entry] of expected.tensors) {
    const found = actual.tensors.get(name)
    if (found === undefined || found.dtype !== entry.dtype || found.shape.join() !== entry.shape.join())
      return Infinity
    if (!Buffer.from(readTensorBytes(actual, found)).equals(readTensorBytes(expected, entry))) return Infinity
  }
  return 0
}

/** 0 where a file is refused with an error of ours that names it, and nothing was done. */
function expectRefusal(path: string): number {
  try {
    readWeightFile(path)
    return Infinity
  } catch (error) {
    const isOurs = error instanceof CheckpointError && error.message.includes(path)
    return isOurs && !existsSync('PWNED') ? 0 : Infinity
  }
}

const pickles = `${models}pickles/`
for (const { file, expected } of readLines<Verdict>(`${pickles}good.jsonl`)) {
  const path = `${pickles}good/${file}`
  await compare('PyTorch files, read', file, () => {
    if (expected === 'reject' || file === 'truncated.pt') return expectRefusal(path)
    if (expected.endsWith('.expected.safetensors'))
      return compareTensors(readWeightFile(path), readSafetensors(`${pickles}good/${expected}`))
    const whole = readSafetensors(tiny.unpack('sd1'))
    const vae = readWeightFile(tiny.unpackFile(path))
    const own = [...whole.tensors].filter(([name]) => name.startsWith('first_stage_model.'))
    const bare = new Map(own.map(([name, entry]) => [name.replace('first_stage_model.', ''), entry]))
    // What training left there is no part of the network.
    const used = new Map([...vae.tensors].filter(([name]) => !name.startsWith('loss.')))
    return compareTensors({ ...vae, tensors: used }, { ...whole, tensors: bare })
  })
}
for (const { file, expected } of readLines<Verdict>(`${pickles}hostile.jsonl`)) {
  await compare(`PyTorch files, hostile: ${expected === 'reject' ? 'refused' : 'nothing done'}`, file, () => {
    if (expected === 'reject') return expectRefusal(`${pickles}hostile/${file}`)
    try {
      readWeightFile(`${pickles}hostile/${file}`)
    } catch (error) {
      if (!(error instanceof CheckpointError)) return Infinity
    }
    return existsSync('PWNED') ? Infinity : 0
  })
}
const malformed = `${models}safetensors_malformed/`
for (const { file, expected } of readLines<Verdict>(`${malformed}cases.jsonl`)) {
  if (expected === 'either') continue
  await compare(`safetensors, ${expected === 'reject' ? 'refused' : 'read'}`, file, () => {
    if (expected === 'reject') return expectRefusal(malformed + file)
    readWeightFile(malformed + file)
    return 0
  })
}

interface DtypeRow {
  readonly name: string
  readonly dtype: string
  readonly values?: readonly unknown[]
}

const dtypes = readSafetensors(`${models}safetensors_dtypes/all.safetensors`)
/** Kinds of numbers no Stable Diffusion file has. */
const FOREIGN = /^(C64|F4|F6_|F8_E8M0)/
for (const { name, values } of readLines<DtypeRow>(`${models}safetensors_dtypes/all.jsonl`)) {
  const dtype = dtypes.tensors.get(name)?.dtype ?? ''
  if (!Array.isArray(values) || FOREIGN.test(dtype)) continue
  const expected = (values.flat(9) as unknown[]).map((value) =>
    Math.fround(Number(typeof value === 'string' ? value.replace('inf', 'Infinity') : value)),
  )
  await compare('Kinds of numbers', name, () =>
    compareValues(readTensor(dtypes, name).data, expected, () => Number.MIN_VALUE),
  )
}
process.exitCode = report('files', 'Weight files', comparisons) ? 0 : 1
