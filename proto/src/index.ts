/** The contract between the gateway, the ledger and the workers: protobuf messages of proto/atelier/v1. */
export { BlobRef, FolderKind, NamedFile } from './gen/atelier/v1/blob.ts'
export {
  ExtrasJob,
  ExtrasPicture,
  GenerationJob,
  HiresPass,
  ImageFormat,
  ImagePlan,
  InpaintMask,
  InputFile,
  Job,
  LoraRef,
  MaskedContent,
  NodeGraphJob,
  NoiseSettings,
  NoiseSource,
  OutputSettings,
  PictureText,
  PictureUpscaler,
  PreviewMethod,
  PreviewSettings,
  Refiner,
  RefinerPasses,
  ResizeMode,
  SamplingSettings,
  SourceImages,
  Surface,
  TextSettings,
} from './gen/atelier/v1/job.ts'
export { ModelFile, ModelKind, ModelRef } from './gen/atelier/v1/model.ts'
export { JobError, JobRecord, JobResult, JobState, JobTimings } from './gen/atelier/v1/record.ts'
export {
  ImageReady,
  JobEnd,
  JobEvent,
  JobStart,
  NodeEnd,
  NodeStart,
  NodeText,
  PreviewReady,
  StepProgress,
} from './gen/atelier/v1/events.ts'
export {
  ControlJobRequest,
  ControlJobResponse,
  DescribeWorkerRequest,
  DescribeWorkerResponse,
  Device,
  FreeMemoryRequest,
  FreeMemoryResponse,
  JobControl,
  WatchJobRequest,
  WatchJobResponse,
  WorkerDescription,
  WorkerServiceClient,
  WorkerServiceService,
} from './gen/atelier/v1/worker.ts'
export type { WorkerServiceServer } from './gen/atelier/v1/worker.ts'
