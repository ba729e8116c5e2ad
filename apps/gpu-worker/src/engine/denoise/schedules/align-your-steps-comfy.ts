import { cutByDenoise } from './edit-sigmas.ts'
import { f32, resampleLogarithms } from './schedule.ts'

/** The model families that Align Your Steps was optimised for. */
export type AlignedModel = 'SD1' | 'SDXL' | 'SVD'

const LISTS: Readonly<Record<AlignedModel, readonly number[]>> = {
  SD1: [
    14.6146412293, 6.4745760956, 3.8636745985, 2.694615152, 1.8841921177, 1.3943805092, 0.9642583904,
    0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582,
  ],
  SDXL: [
    14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141, 0.5550693289,
    0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582,
  ],
  SVD: [700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002],
}

/** Align Your Steps (Sabour et al. 2024, arXiv 2404.14507) as ComfyUI's node has it: one point more, the last one zero. */
export function listAlignedSigmas(model: AlignedModel, steps: number, denoise: number): number[] {
  const list = LISTS[model].map(f32)
  return cutByDenoise(steps + 1 === list.length ? list : resampleLogarithms(list, steps + 1), steps, denoise)
}
