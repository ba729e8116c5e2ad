import { existsSync } from 'node:fs'
import { parse } from 'yaml'
import { CheckpointError } from './checkpoint-error.ts'
import { readExactly, withOpenFile } from './read-bytes.ts'
import type { DeclaredFacts, WeightFile } from './weight-file.ts'

/** Files that have one; folders say themselves what they are. */
const WEIGHT_NAME = /\.(safetensors|sft|ckpt|pt|pth|bin)$/i
/** Real ones are a few kilobytes. */
const MAX_BYTES = 256 * 1024
/** YAML's references: none of them has any, and they can make a small text large. */
const MAX_ALIASES = 100
/** What a configuration says of training where it differs from every Stable Diffusion is refused. */
const TRAINED = { linear_start: 0.00085, linear_end: 0.012, timesteps: 1000 }
const PARAMETERIZATIONS = { eps: 'epsilon', v: 'v', x0: 'x0' } as const
/** Last part of the class that scales an SDXL's predictions. */
const SCALINGS: Readonly<Record<string, 'epsilon' | 'v'>> = {
  EpsScaling: 'epsilon',
  VScaling: 'v',
  VScalingWithEDMcNoise: 'v',
}

/** The configuration that lies beside a checkpoint, under its name with the extension `.yaml`; undefined: there is none. */
export function findSidecar(path: string): string | undefined {
  if (!WEIGHT_NAME.test(path)) return undefined
  const sidecar = path.replace(WEIGHT_NAME, '.yaml')
  return existsSync(sidecar) ? sidecar : undefined
}

/**
 * A checkpoint with what the configuration beside it says (A1111): what its UNet predicts, and the scale of its latents.
 * @throws CheckpointError naming the configuration when it is no YAML, or says what no Stable Diffusion does
 */
export function withSidecar(file: WeightFile): WeightFile {
  const sidecar = findSidecar(file.path)
  return sidecar === undefined
    ? file
    : { ...file, declared: { ...file.declared, ...readFacts(readYaml(sidecar), sidecar) } }
}

type Settings = Readonly<Record<string, unknown>>

function readYaml(path: string): unknown {
  const text = withOpenFile(path, (file) => {
    if (file.sizeBytes > MAX_BYTES) {
      const reason = `it has ${file.sizeBytes} bytes; configurations have at most ${MAX_BYTES}`
      throw new CheckpointError('malformed', path, reason)
    }
    return readExactly(file, 0, file.sizeBytes).toString('utf8')
  })
  try {
    return parse(text, { maxAliasCount: MAX_ALIASES, schema: 'core', logLevel: 'error' }) as unknown
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new CheckpointError('malformed', path, `it is no YAML: ${reason}`)
  }
}

function readFacts(config: unknown, path: string): DeclaredFacts {
  const settings = toSettings(toSettings(toSettings(config)['model'])['params'])
  for (const [name, expected] of Object.entries(TRAINED)) {
    const value = settings[name] ?? expected
    if (value !== expected)
      throw new CheckpointError('unknown-structure', path, `its ${name} is ${String(value)}, not ${expected}`)
  }
  const factor = settings['scale_factor']
  const prediction = readPrediction(settings, path)
  return {
    ...(typeof factor === 'number' && factor > 0 && { latents: { factor } }),
    ...(prediction && { prediction: { prediction, schedule: { kind: 'scaled-linear' } } }),
  }
}

function readPrediction(settings: Settings, path: string): 'epsilon' | 'v' | 'x0' | undefined {
  const denoiser = toSettings(toSettings(settings['denoiser_config'])['params'])
  const target = toSettings(denoiser['scaling_config'])['target']
  const scaling = typeof target === 'string' ? (target.split('.').at(-1) ?? '') : ''
  const named = settings['parameterization']
  if (named === undefined) return Object.hasOwn(SCALINGS, scaling) ? SCALINGS[scaling] : undefined
  if (typeof named === 'string' && Object.hasOwn(PARAMETERIZATIONS, named))
    return PARAMETERIZATIONS[named as keyof typeof PARAMETERIZATIONS]
  const reason = `its parameterization is ${JSON.stringify(named)?.slice(0, 80)}; known are eps, v and x0`
  throw new CheckpointError('unknown-structure', path, reason)
}

function toSettings(value: unknown): Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Settings) : {}
}
