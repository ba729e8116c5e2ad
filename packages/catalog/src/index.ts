export { CONTROL_TYPES, findPreprocessor, PREPROCESSORS } from './preprocessors.ts'
export type { Preprocessor, Slider, SliderNumber } from './preprocessors.ts'
export {
  DIFFUSERS_SCHEDULER_NAMES,
  findDiffusersSampler,
  isDiffusersScheduler,
} from './diffusers-samplers.ts'
export type { DiffusersSchedulerName, DiffusersSettings } from './diffusers-samplers.ts'
export { isEmbeddingPicture, toEmbeddingName } from './embedding-name.ts'
export { isTinyVae, listTinyVaeFiles, TINY_VAES } from './tiny-vaes.ts'
export { COMFY_SAMPLER_NAMES, findWebuiSampler, WEBUI_SAMPLERS } from './samplers.ts'
export type { ComfySamplerName, WebuiSampler } from './samplers.ts'
export { COMFY_SCHEDULE_NAMES, resolveWebuiSampling, toAutomatic, WEBUI_SCHEDULES } from './schedules.ts'
export type { ResolvedSampling, WebuiSchedule } from './schedules.ts'
export type { ModelFamily, PredictionKind, TrainedSchedule } from './model-families.ts'
export { tellEvents, type EventText } from './told-events.ts'
export { spreadTiles, toUpscaledSide, type TileSide } from './tile-grid.ts'
export {
  findNetworkPreprocessor,
  isPreprocessorFile,
  NETWORK_PREPROCESSORS,
  POSE_PREPROCESSOR,
  toPreprocessorName,
  type NetworkPreprocessor,
} from './network-preprocessors.ts'
