/** Compares noise, schedules and samplers with the recordings. Run: node --import tsx bench/parity/sampling.ts */
import { findFixtures, report } from './report.ts'
import { compareBrownian, compareComfyNoise, compareTorchNoise, compareWebuiNoise } from './sampling-noise.ts'
import { compareComfySamplers } from './sampling-comfy.ts'
import { compareComfySchedules, compareTables, compareWebuiSchedules } from './sampling-schedules.ts'
import { compareSigmaNodes } from './sampling-nodes.ts'
import { compareWebuiSamplers } from './sampling-webui.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const path = (name: string) => `${folder}sampling/${name}`
const comparisons = [
  ...(await compareTables(path)),
  ...(await compareWebuiSchedules(path)),
  ...(await compareComfySchedules(path)),
  ...(await compareSigmaNodes(path)),
  ...(await compareTorchNoise(path)),
  ...(await compareComfyNoise(path)),
  ...(await compareWebuiNoise(path)),
  ...(await compareBrownian(path)),
  ...(await compareWebuiSamplers(path)),
  ...(await compareComfySamplers(path)),
]
process.exitCode = report('sampling', 'Noise, schedules, samplers', comparisons) ? 0 : 1
