import { linspace, type Schedule } from './schedule.ts'

// Align Your Steps (Sabour et al. 2024, arXiv 2404.14507): optimised lists of ten steps, resampled in logarithms.

const SD1 = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029]

/** The list for SD 1.x and 2.x, brought to the asked number of points. */
export const alignYourSteps: Schedule = {
  sigmas: ({ count }) => (count === SD1.length ? SD1 : resample(SD1, count)),
}

function resample(list: readonly number[], count: number): number[] {
  // A single step is the last one of the list.
  if (count === 1) return [list.at(-1)!]
  return linspace(0, list.length - 1, count).map((at) => {
    const low = Math.min(Math.floor(at), list.length - 2)
    const share = at - low
    return Math.exp((1 - share) * Math.log(list[low]!) + share * Math.log(list[low + 1]!))
  })
}
