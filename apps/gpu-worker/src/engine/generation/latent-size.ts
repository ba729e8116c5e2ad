/** Pixels of one latent pixel's side. */
export const LATENT_PIXELS = 8
/** Channels of a latent. */
export const LATENT_CHANNELS = 4
