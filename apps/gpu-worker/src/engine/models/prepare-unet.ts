import type { UnetConfig } from '../checkpoint/detect-unet.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import type { UnetPatch } from '../networks/patches/unet-patch.ts'
import { buildUnet } from '../networks/unet.ts'
import { prepareVariants, type LazySessions } from '../onnx/lazy-sessions.ts'
import { createTensor, hasUnevenSides } from '../tensor/tensor.ts'

/** A UNet as a function; a session is made for each set of control inputs and patches at its first call. */
export function prepareUnet(file: WeightFile, config: UnetConfig, sessions: LazySessions): PredictionNetwork {
  const unet = prepareVariants<UnetPatch>(
    (controls, patches) => buildUnet(file, config, controls, patches),
    sessions,
  )
  const reduction = 2 ** (config.levels.length - 1)
  return async ({ latent, timesteps, context, label, control = {}, wraps = false, ...how }) => {
    const { fitsLast, patches, shared } = how
    // Those who change a UNet's calls do it with patches of UNets.
    const variant = {
      wraps,
      fitsLast: fitsLast === true && hasUnevenSides(latent, reduction),
      changes: patches as readonly UnetPatch[] | undefined,
    }
    const session = await unet(Object.keys(control).sort(), variant)
    const outputs = await session.run({
      latent,
      timesteps: createTensor([timesteps.length], timesteps),
      context,
      ...(label !== undefined && { label }),
      ...control,
      ...shared?.values,
    })
    return outputs['prediction']!
  }
}
