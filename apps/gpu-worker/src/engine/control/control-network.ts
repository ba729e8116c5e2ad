import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { countF32Bytes, type WeightFile } from '../checkpoint/weight-file.ts'
import type { NetworkInputs } from '../denoise/guidance.ts'
import { EngineError } from '../engine-error.ts'
import type { Loaded } from '../models/loaded.ts'
import { ComposedWeights, countLowRankBytes, type BaseWeights } from '../networks/control/composed-weights.ts'
import { buildControlNet } from '../networks/control/control-net.ts'
import {
  detectControl,
  type AdapterConfig,
  type ControlNetConfig,
  type DetectedControl,
} from '../networks/control/detect-control.ts'
import type { JoinedControl } from '../networks/control/join-controls.ts'
import { buildAdapter } from '../networks/control/t2i-adapter.ts'
import { GraphBuilder, type Graph } from '../onnx/graph-builder.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import type { Session } from '../onnx/network-session.ts'
import { unshufflePixels } from '../tensor/planes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** What is added to a UNet, by the name of the place (networks/unet.ts). */
export type Residuals = Readonly<Record<string, Tensor>>

/** A ControlNet or adapter ready to be called; it is loaded at its first call. */
export interface ControlNetwork {
  readonly name: string
  /** What it adds depends on the hint alone, not on the latent or the moment. */
  readonly isConstant: boolean
  /** Sides of its hint are multiples of this, pixels. */
  readonly hintMultiple: number
  readonly hintChannels: number
  /** Kinds of hints a union network tells apart; 0: not a union. */
  readonly unionTypes: number
  /** Its residuals act on the conditional half alone, as means over the picture ("shuffle" models). */
  readonly poolsGlobally: boolean
  /**
   * What it adds to the UNet for rows of an evaluation and their hints [rows, channels, height, width], 0 to 1.
   * @throws EngineError `invalid-request` when it belongs to models of another family
   */
  readonly evaluate: (inputs: NetworkInputs, hint: Tensor, unionType?: number) => Promise<Residuals>
  /** It as part of the UNet's graph; absent: it is called by itself. */
  readonly joined?: JoinedControl | undefined
}

/** What a control is opened with. */
export interface ControlOptions extends SessionOptions {
  /** The UNet it is used with, for files that need one. */
  readonly base?: BaseWeights | undefined
  /** It is computed in one graph with the UNets it guides, where it takes no more than this; absent: by itself. */
  readonly joined?: { readonly key: string; readonly limitBytes: number } | undefined
}

/** Models whose residuals are averaged over the picture are known by their names. */
const POOLING_NAME = /_shuffle(_fp16)?$/

/**
 * Opens a control file: recognises it and prepares its network. A Control-LoRA or a file of differences needs the UNet
 * it is used with.
 * @throws CheckpointError when the file is malformed or holds nothing we know
 */
export function loadControl(path: string, name: string, options: ControlOptions): Loaded<ControlNetwork> {
  const { base, joined, ...session } = options
  const source = readWeightFile(path)
  const detected = detectControl(source, base)
  const sessions = new LazySessions(session)
  const costBytes = countBytes(detected, base)
  const joinedKey = joined !== undefined && costBytes <= joined.limitBytes ? joined.key : undefined
  const value =
    detected.config.kind === 'adapter'
      ? prepareAdapter(detected.file, detected.config, { name, sessions })
      : prepareControlNet(detected, detected.config, { name, sessions, base, joinedKey, costBytes })
  return {
    value,
    // In a UNet's graph it is counted there.
    get costBytes() {
      return value.joined !== undefined && sessions.count === 0 ? 0 : costBytes
    },
    trim: (before) => sessions.trim(before),
    release: () => sessions.release(),
  }
}

interface Preparation {
  readonly name: string
  readonly sessions: LazySessions
}

interface NetPreparation extends Preparation, Pick<ControlOptions, 'base'> {
  readonly joinedKey: string | undefined
  readonly costBytes: number
}

function countBytes({ file, config }: DetectedControl, base: BaseWeights | undefined): number {
  const isLowRank = config.kind === 'control-net' && config.composition === 'low-rank'
  return isLowRank && base !== undefined ? countLowRankBytes(file, base) : countF32Bytes(file)
}

function prepareControlNet(
  { file }: DetectedControl,
  config: ControlNetConfig,
  { name, sessions, base, joinedKey, costBytes }: NetPreparation,
): ControlNetwork {
  const stem = name.slice(name.lastIndexOf('/') + 1).replace(/\.[^.]+$/, '')
  const poolsGlobally = POOLING_NAME.test(stem)
  const build = () => buildControlNet(toBuilder(file, config, base), config, poolsGlobally)
  const session = sessions.prepare(build)
  return {
    name,
    isConstant: false,
    hintMultiple: 8,
    hintChannels: config.hintChannels,
    unionTypes: config.unionTypes,
    poolsGlobally,
    async evaluate(inputs, hint, unionType) {
      checkFamily(config, inputs, name)
      return runControlNet(await session(), config, { ...inputs, hint, unionType })
    },
    joined:
      joinedKey === undefined
        ? undefined
        : toJoined(build, {
            key: joinedKey,
            costBytes,
            check: (inputs) => checkFamily(config, inputs, name),
          }),
  }
}

function toJoined(
  build: () => Graph,
  given: Pick<JoinedControl, 'key' | 'costBytes' | 'check'>,
): JoinedControl {
  // Each of the UNet's graphs that it becomes part of takes the same description.
  let built: Graph | undefined
  const describe = () => (built ??= build())
  return {
    ...given,
    describe,
    get places() {
      return describe().outputs.map(({ name }) => name)
    },
  }
}

function toBuilder(file: WeightFile, { composition }: ControlNetConfig, base?: BaseWeights): GraphBuilder {
  return composition === 'whole' || base === undefined
    ? new GraphBuilder(file)
    : new ComposedWeights(file, base, composition)
}

function checkFamily(
  { unet }: ControlNetConfig,
  { context, label, latent }: NetworkInputs,
  name: string,
): void {
  const [width, labels] = [context.shape[2] ?? 0, label?.shape[1] ?? 0]
  const isOther =
    (unet.contextWidth > 0 && unet.contextWidth !== width) ||
    unet.labelWidth !== labels ||
    latent.shape[1]! < unet.inChannels
  if (!isOther) return
  const own = `its contexts are ${unet.contextWidth} wide, its labels ${unet.labelWidth}`
  throw refuseFamily(name, `${own}; the checkpoint's are ${width} and ${labels}`)
}

function refuseFamily(name: string, reason: string): EngineError {
  return new EngineError(
    'invalid-request',
    `the ControlNet ${name} belongs to another family of models: ${reason}`,
  )
}

async function runControlNet(
  session: Session,
  { unet, unionTypes }: ControlNetConfig,
  inputs: NetworkInputs & { hint: Tensor; unionType: number | undefined },
): Promise<Residuals> {
  const { latent, timesteps, context, label, hint, unionType } = inputs
  return session.run({
    latent,
    timesteps: createTensor([timesteps.length], timesteps),
    hint,
    ...(unet.contextWidth > 0 ? { context } : {}),
    ...(unet.labelWidth > 0 && label !== undefined ? { label } : {}),
    ...(unionTypes > 0 ? { types: toTypes(latent.shape[0]!, unionTypes, unionType) } : {}),
  })
}

/** The kind of hint each row has, as a union network is told, [rows, kinds]; all zeros: it is not told. */
export function toTypes(rows: number, kinds: number, type: number | undefined): Tensor {
  const types = createTensor([rows, kinds])
  if (type !== undefined) for (let row = 0; row < rows; row += 1) types.data[row * kinds + type] = 1
  return types
}

function prepareAdapter(
  file: WeightFile,
  config: AdapterConfig,
  { name, sessions }: Preparation,
): ControlNetwork {
  const session = sessions.prepare(() => buildAdapter(file, config))
  return {
    name,
    isConstant: true,
    hintMultiple: config.unshuffle,
    hintChannels: config.hintChannels,
    unionTypes: 0,
    poolsGlobally: false,
    async evaluate({ label }, hint) {
      if ((label !== undefined) !== config.isXl)
        throw refuseFamily(name, `it is made for ${config.isXl ? 'SDXL' : 'SD1 and SD2'}`)
      const fitting = config.hintChannels === 1 ? meanOfChannels(hint) : hint
      return (await session()).run({ hint: unshufflePixels(fitting, config.unshuffle) })
    },
  }
}

function meanOfChannels({ shape, data }: Tensor): Tensor {
  const [rows, channels, height, width] = shape as [number, number, number, number]
  if (channels === 1) return { shape, data }
  const plane = height * width
  const mean = createTensor([rows, 1, height, width])
  for (let row = 0; row < rows; row += 1) {
    for (let i = 0; i < plane; i += 1) {
      let sum = 0
      for (let c = 0; c < channels; c += 1) sum += data[(row * channels + c) * plane + i]!
      mean.data[row * plane + i] = sum / channels
    }
  }
  return mean
}
