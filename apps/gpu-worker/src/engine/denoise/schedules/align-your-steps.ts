import { f32, resampleLogarithms, type Schedule } from './schedule.ts'

// Align Your Steps (Sabour et al. 2024, arXiv 2404.14507): optimised lists of ten steps, resampled in logarithms.

const SD1 = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029]
const SDXL = [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0.029]

/** The list for the model's family, brought to the asked number of points. */
export const alignYourSteps: Schedule = {
  sigmas: ({ count, isSdxl }) => {
    const list = isSdxl === true ? SDXL : SD1
    return count === list.length ? list.map(f32) : resampleLogarithms(list, count)
  },
}
