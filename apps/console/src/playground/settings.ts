/** What is made: a picture from text, one from a picture, or a larger copy of one. */
export type Mode = 'text' | 'image' | 'upscale'

/** Everything the form says, but for pictures. */
export interface Settings {
  readonly mode: Mode
  readonly prompt: string
  readonly negativePrompt: string
  /** Name of the checkpoint; empty: the server's choice. */
  readonly checkpoint: string
  /** Name of a VAE file; empty: the checkpoint's own. */
  readonly vae: string
  readonly sampler: string
  readonly schedule: string
  readonly steps: number
  readonly guidanceScale: number
  /** Pixels; 0: the checkpoint's own size. */
  readonly width: number
  readonly height: number
  /** -1: drawn at random. */
  readonly seed: number
  readonly batchSize: number
  readonly batchCount: number
  readonly clipSkip: number
  /** Of image to image. */
  readonly strength: number
  readonly resizeMode: number
  readonly maskBlur: number
  readonly maskedContent: number
  /** Only the masked part is drawn, at full size. */
  readonly onlyMasked: boolean
  readonly maskPadding: number
  readonly hires: boolean
  readonly hiresScale: number
  readonly hiresUpscaler: string
  /** 0: as many as the first pass. */
  readonly hiresSteps: number
  readonly hiresStrength: number
  readonly upscaler: string
  readonly upscaleFactor: number
}

/** What the form says at first; A1111's page begins with the same. */
export const DEFAULT_SETTINGS: Settings = {
  mode: 'text',
  prompt: '',
  negativePrompt: '',
  checkpoint: '',
  vae: '',
  sampler: 'Euler a',
  schedule: 'Automatic',
  steps: 20,
  guidanceScale: 7,
  width: 0,
  height: 0,
  seed: -1,
  batchSize: 1,
  batchCount: 1,
  clipSkip: 1,
  strength: 0.75,
  resizeMode: 0,
  maskBlur: 4,
  maskedContent: 1,
  onlyMasked: false,
  maskPadding: 32,
  hires: false,
  hiresScale: 2,
  hiresUpscaler: 'Latent',
  hiresSteps: 0,
  hiresStrength: 0.7,
  upscaler: 'Lanczos',
  upscaleFactor: 2,
}

/** Settings as they were kept: what is missing or of another type is as at first. */
export function restoreSettings(kept: unknown): Settings {
  if (typeof kept !== 'object' || kept === null) return DEFAULT_SETTINGS
  const values = kept as Record<string, unknown>
  const restored = Object.entries(DEFAULT_SETTINGS).map(([name, fallback]) => {
    const value = values[name]
    const isSound = typeof value === typeof fallback && (typeof value !== 'number' || Number.isFinite(value))
    return [name, isSound ? value : fallback]
  })
  return Object.fromEntries(restored) as unknown as Settings
}
