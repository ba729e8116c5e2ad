/** Denoising strengths above this are treated as this (A1111). */
const MAX_STRENGTH = 0.999
/** Training timesteps, over which DDIM's grid lies. */
const TIMESTEPS = 1000

/** Schedule steps and the first step that is run, for image to image (A1111's setup_img2img_steps). */
export function planImageSteps(
  steps: number,
  strength: number,
  runsAllSteps: boolean,
): { steps: number; encodeStep: number } {
  const share = Math.min(strength, MAX_STRENGTH)
  if (!runsAllSteps) return { steps, encodeStep: Math.trunc(share * steps) }
  return { steps: share > 0 ? Math.trunc(steps / share) : 0, encodeStep: steps - 1 }
}

/** DDIM's timesteps for a number of steps, ascending; their count may be one more than asked. */
export function listTimesteps(steps: number): number[] {
  const stride = Math.max(Math.floor(TIMESTEPS / steps), 1)
  const list: number[] = []
  for (let t = 0; t < TIMESTEPS; t += stride) list.push(Math.min(t + 1, TIMESTEPS - 1))
  return list
}
