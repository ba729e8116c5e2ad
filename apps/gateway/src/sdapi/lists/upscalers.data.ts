/** Upscalers that need no model file, as GET /sdapi/v1/upscalers lists them. */
export const BUILT_IN_UPSCALERS: readonly string[] = ['None', 'Lanczos', 'Nearest']

/** Ways to upscale a latent, in A1111's order. */
export const LATENT_UPSCALE_MODES: readonly string[] = [
  'Latent',
  'Latent (antialiased)',
  'Latent (bicubic)',
  'Latent (bicubic antialiased)',
  'Latent (nearest)',
  'Latent (nearest-exact)',
]
