import { ImageNoise } from '../noise/image-noise.ts'

/** A1111's generators as a recorded case sets them up. */
export function createImageNoise(
  row: Readonly<Record<string, unknown>>,
  shape: readonly [number, number, number],
  seeds: readonly bigint[],
): ImageNoise {
  const number = (name: string) => Number(row[name] ?? 0)
  const [height, width] = [number('seed_resize_from_h'), number('seed_resize_from_w')]
  return new ImageNoise({
    kind: row['source'] === 'NV' ? 'philox' : 'cpu',
    shape,
    seeds,
    subseeds: ((row['subseeds'] as (string | number)[] | undefined) ?? []).map(BigInt),
    subseedStrength: number('subseed_strength'),
    ...(height > 0 && width > 0
      ? { resizeFrom: { height: Math.floor(height / 8), width: Math.floor(width / 8) } }
      : {}),
    etaSeedDelta: BigInt(number('eta_noise_seed_delta')),
  })
}
