import { isExactObject, toPythonRepr, type ExactValue } from '@atelier/catalog/exact-json'
import { ApiError } from '../errors.ts'
import { readPicture, type RequestPicture } from '../request/read-picture.ts'
import { UnitFault, type PlannedUnit } from './plan-controls.ts'

/** The pictures of a unit, decoded enough to be stored. */
export interface UnitPictures {
  readonly image?: RequestPicture
  readonly mask?: RequestPicture
  readonly region?: RequestPicture
}

/**
 * Takes the pictures of a unit. Sent as base64, as `{image, mask}`, as `[image, mask]`, or in a list of one of those.
 * @throws UnitFault in the extension's words, ApiError for pictures that are refused
 */
export async function readUnitPictures({ values }: PlannedUnit): Promise<UnitPictures> {
  const region = values.get('effective_region_mask') ?? null
  const given = splitPicture(values.get('image') ?? null, values.get('mask') ?? null)
  const image = given && (await read(given.image))
  const mask = given && given.mask !== null ? await read(given.mask) : undefined
  if (image !== undefined && mask !== undefined) checkSizes(image, mask)
  return {
    ...(image && { image }),
    ...(mask && { mask }),
    ...(region !== null && { region: await read(region) }),
  }
}

interface GivenPicture {
  readonly image: ExactValue
  readonly mask: ExactValue
}

function splitPicture(image: ExactValue, mask: ExactValue): GivenPicture | undefined {
  if (image === null) {
    if (mask !== null) throw new UnitFault('a mask without an image')
    return undefined
  }
  if (typeof image === 'string') return { image, mask }
  if (isExactObject(image)) return fromRecord(image.get('image'), image.get('mask'))
  if (!Array.isArray(image)) throw new UnitFault(`Unrecognized image field ${toPythonRepr(image)}`)
  const [first, second] = image
  if (first === undefined) throw new UnitFault("[] is not a valid 'image' field value")
  if (isExactObject(first)) {
    if (image.length > 1) throw new UnitFault('only one image is taken by a unit of this kind')
    return fromRecord(first.get('image'), first.get('mask'))
  }
  if (image.length === 1) return fromRecord(first, mask)
  if (image.length === 2) return fromRecord(first, second)
  throw new UnitFault('an image list holds an image and its mask')
}

function fromRecord(image: ExactValue | undefined, mask: ExactValue | undefined): GivenPicture {
  if (image === undefined || image === null) throw new UnitFault('a record without an image')
  return { image, mask: mask === undefined || mask === '' ? null : mask }
}

/** What is no picture is the unit's fault; a picture that is refused for its size is the request's. */
async function read(value: ExactValue): Promise<RequestPicture> {
  try {
    return await readPicture(value)
  } catch (error) {
    if (error instanceof ApiError && error.body.kind === 'http') throw new UnitFault(error.message)
    throw error
  }
}

function checkSizes(image: RequestPicture, mask: RequestPicture): void {
  if (image.width === mask.width && image.height === mask.height) return
  const shape = ({ width, height }: RequestPicture) => `(${height}, ${width})`
  throw new UnitFault(`image shape (${shape(image)}) not aligned with mask shape (${shape(mask)})`)
}
