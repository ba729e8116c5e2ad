import type { UnetConfig } from '../checkpoint/detect-unet.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import type { UnetPatch } from '../networks/patches/unet-patch.ts'
import { joinControls, type JoinedControl } from '../networks/control/join-controls.ts'
import { buildUnet } from '../networks/unet.ts'
import { prepareVariants, type GraphVariant, type LazySessions } from '../onnx/lazy-sessions.ts'
import type { FloatInput } from '../onnx/network-session.ts'
import { createTensor, hasUnevenSides, type Tensor } from '../tensor/tensor.ts'

/** A UNet as a function; a session is made for each set of control inputs and patches at its first call. */
export function prepareUnet(file: WeightFile, config: UnetConfig, sessions: LazySessions): PredictionNetwork {
  const unet = prepareVariants<UnetPatch>(
    (controls, patches) => buildUnet(file, config, controls, patches),
    sessions,
  )
  const reduction = 2 ** (config.levels.length - 1)
  return async (inputs, onBusy) => {
    const { latent, timesteps, context, label, control = {}, wraps = false, ...how } = inputs
    const { fitsLast, patches, shared, hints = {} } = how
    // Those who change a UNet's calls do it with patches of UNets, and what is joined with one are ControlNets.
    const joined = (how.joined ?? []) as readonly JoinedControl[]
    const told = Object.keys(control).sort()
    const places = new Set([...told, ...joined.flatMap((one) => one.places)])
    const session = await unet([...places], {
      wraps,
      fitsLast: fitsLast === true && hasUnevenSides(latent, reduction),
      changes: patches as readonly UnetPatch[] | undefined,
      ...(joined.length > 0 && { completion: completeWith(joined, told) }),
    })
    const given = {
      latent,
      timesteps: createTensor([timesteps.length], timesteps),
      context: toStaying(context),
      ...(label !== undefined && { label }),
      ...control,
      ...Object.fromEntries(Object.entries(hints).map(([name, hint]) => [name, toStaying(hint)])),
      ...shared?.values,
    }
    const { prediction } = await session.run(given, ['prediction'], onBusy)
    return prediction!
  }
}

function completeWith(
  joined: readonly JoinedControl[],
  told: readonly string[],
): NonNullable<GraphVariant['completion']> {
  const places = new Set(joined.flatMap((one) => one.places))
  const given = told.filter((name) => places.has(name))
  return {
    key: [...joined.map(({ key }) => key), ...given].join(),
    complete: (graph) => joinControls(graph, joined, given),
    // The weights of one that is joined twice are there once.
    costBytes: [...new Map(joined.map((one) => [one.key, one.costBytes])).values()].reduce((a, b) => a + b),
  }
}

function toStaying(tensor: Tensor): FloatInput {
  return { ...tensor, stays: true }
}
