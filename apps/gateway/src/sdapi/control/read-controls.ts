import type { BlobRef } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import { storePicture, type RequestPicture } from '../request/read-picture.ts'
import { UnitFault, type ControlPlan, type PlannedUnit } from './plan-controls.ts'
import type { StoredUnit } from './to-controls.ts'
import { readUnitPictures, type UnitPictures } from './unit-pictures.ts'

/** A unit that acts, and its pictures. */
export interface ReadUnit {
  readonly unit: PlannedUnit
  readonly pictures: UnitPictures
}

/**
 * Takes the pictures of a request's units. Where one has a fault none acts, as with the extension, and the reason is
 * noted in the log.
 * @throws ApiError for pictures that are refused
 */
export async function readControls(
  { logger }: Pick<GatewayDeps, 'logger'>,
  plan: ControlPlan,
): Promise<readonly ReadUnit[]> {
  const leaveOut = (fault: string): readonly ReadUnit[] => {
    logger.warn({ fault }, 'the units of ControlNet do not act')
    return []
  }
  if (plan.fault !== undefined) return leaveOut(plan.fault)
  try {
    return await Promise.all(
      plan.acting.map(async (unit) => ({ unit, pictures: await readUnitPictures(unit) })),
    )
  } catch (error) {
    if (error instanceof UnitFault) return leaveOut(error.message)
    throw error
  }
}

/** Stores the pictures of units. */
export async function storeControls(
  deps: Pick<GatewayDeps, 'store'>,
  tenant: string,
  units: readonly ReadUnit[],
): Promise<StoredUnit[]> {
  const store = (picture: RequestPicture): Promise<BlobRef> => storePicture(deps.store.blobs, tenant, picture)
  return Promise.all(
    units.map(async ({ unit, pictures: { image, mask, region } }) => ({
      unit,
      ...(image && { image: await store(image) }),
      ...(mask && { mask: await store(mask) }),
      ...(region && { region: await store(region) }),
    })),
  )
}
