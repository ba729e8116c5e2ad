import { f32, resampleLogarithms, type Schedule } from './schedule.ts'

// Align Your Steps (Sabour et al. 2024, arXiv 2404.14507) and its kin: optimised lists, resampled in logarithms.

interface Lists {
  /** For SD 1.x and 2.x. */
  readonly sd: readonly number[]
  readonly sdxl: readonly number[]
}

function fromLists(lists: Lists): Schedule {
  return {
    sigmas: ({ count, isSdxl }) => {
      const list = isSdxl === true ? lists.sdxl : lists.sd
      return count === list.length ? list.map(f32) : resampleLogarithms(list, count)
    },
  }
}

/** The lists of ten steps. */
export const alignYourSteps = fromLists({
  sd: [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
  sdxl: [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0.029],
})

/** Geometry-inspired lists of ten steps (GITS: Chen et al. 2024, arXiv 2405.11326), as Forge has them. */
export const alignYourStepsGits = fromLists({
  sd: [14.615, 4.617, 2.507, 1.236, 0.702, 0.402, 0.24, 0.156, 0.104, 0.094, 0.029],
  sdxl: [14.615, 4.734, 2.567, 1.529, 0.987, 0.652, 0.418, 0.268, 0.179, 0.127, 0.029],
})

/** Forge's lists of 31 steps. */
export const alignYourSteps32 = fromLists({
  sd: [
    14.615, 11.2395135, 8.64363062, 6.64729438, 5.57250864, 4.71648546, 3.99196073, 3.51956086, 3.13490464,
    2.79228784, 2.48773627, 2.21663863, 1.97508355, 1.77931717, 1.61475338, 1.46540951, 1.31484902,
    1.16642495, 1.03475551, 0.915737434, 0.807481695, 0.712023624, 0.621738971, 0.530652036, 0.452909597,
    0.374914556, 0.274618195, 0.201152903, 0.14105873, 0.0668288093, 0.0316612099, 0.015,
  ],
  sdxl: [
    14.615, 11.1491619, 8.50522108, 6.48827145, 5.4370742, 4.60398617, 3.89854701, 3.27407463, 2.74396525,
    2.29968666, 1.95448513, 1.67108715, 1.42878154, 1.23181008, 1.06789646, 0.925794432, 0.802908851,
    0.696601231, 0.604369023, 0.528525528, 0.467733431, 0.413933786, 0.362581871, 0.310085164, 0.265189254,
    0.223264606, 0.176538771, 0.139591922, 0.10587381, 0.055193689, 0.0287733397, 0.015,
  ],
})
