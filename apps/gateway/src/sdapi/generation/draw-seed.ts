/** Random seeds are below this, as A1111's. */
const SEED_LIMIT = 4_294_967_294

/** A request's seed; -1 and null draw one, fixed from then on. */
export function fixSeed(seed: bigint | null, random: () => number): bigint {
  return seed === null || seed === -1n ? BigInt(Math.floor(random() * SEED_LIMIT)) : seed
}

/** Seeds of all images: counted up, or all the same where the variation seed counts instead. */
export function listSeeds(seed: bigint, count: number, isConstant: boolean): bigint[] {
  return Array.from({ length: count }, (_, index) => (isConstant ? seed : seed + BigInt(index)))
}
