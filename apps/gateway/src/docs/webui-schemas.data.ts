import type { FieldRow } from './schema.ts'

/** Records of the WebUI API beside those whose fields requests are checked with. */
export const WEBUI_RECORDS: Readonly<Record<string, readonly FieldRow[]>> = {
  CreateResponse: [['info', 'string!', 'Create info']],
  EmbeddingItem: [
    ['step', 'integer'],
    ['sd_checkpoint', 'string', 'SD Checkpoint'],
    ['sd_checkpoint_name', 'string', 'SD Checkpoint Name'],
    ['shape', 'integer!'],
    ['vectors', 'integer!'],
  ],
  EmbeddingsResponse: [
    ['loaded', '{EmbeddingItem}!'],
    ['skipped', '{EmbeddingItem}!'],
  ],
  ExtensionItem: [
    ['name', 'string!'],
    ['remote', 'string!'],
    ['branch', 'string!'],
    ['commit_hash', 'string!'],
    ['version', 'string!'],
    ['commit_date', 'string!'],
    ['enabled', 'boolean!'],
  ],
  ExtrasBatchImagesResponse: [
    ['html_info', 'string!', 'HTML info'],
    ['images', 'strings!'],
  ],
  ExtrasSingleImageResponse: [
    ['html_info', 'string!', 'HTML info'],
    ['image', 'string'],
  ],
  FaceRestorerItem: [
    ['name', 'string!'],
    ['cmd_dir', 'string', 'Path'],
  ],
  FileData: [
    ['data', 'string!', 'File data'],
    ['name', 'string!', 'File name'],
  ],
  HTTPValidationError: [['detail', '[ValidationError]']],
  HypernetworkItem: [
    ['name', 'string!'],
    ['path', 'string'],
  ],
  ImageToImageResponse: [
    ['images', 'strings', 'Image'],
    ['parameters', 'object!'],
    ['info', 'string!'],
  ],
  LatentUpscalerModeItem: [['name', 'string!']],
  MemoryResponse: [
    ['ram', 'object!', 'RAM'],
    ['cuda', 'object!', 'CUDA'],
  ],
  PNGInfoRequest: [['image', 'string!']],
  PNGInfoResponse: [
    ['info', 'string!', 'Image info'],
    ['items', 'object!'],
    ['parameters', 'object!'],
  ],
  Person: [
    ['pose_keypoints_2d', 'numbers!', 'Pose Keypoints 2D'],
    ['hand_right_keypoints_2d', 'numbers', 'Hand Right Keypoints 2D'],
    ['hand_left_keypoints_2d', 'numbers', 'Hand Left Keypoints 2D'],
    ['face_keypoints_2d', 'numbers', 'Face Keypoints 2D'],
  ],
  PoseData: [
    ['people', '[Person]!'],
    ['canvas_width', 'integer!'],
    ['canvas_height', 'integer!'],
  ],
  PromptStyleItem: [
    ['name', 'string!'],
    ['prompt', 'string'],
    ['negative_prompt', 'string'],
  ],
  QuicksettingsHint: [
    ['name', 'string!', 'Name of the quicksettings field'],
    ['label', 'string!', 'Label of the quicksettings field'],
  ],
  RealesrganItem: [
    ['name', 'string!'],
    ['path', 'string'],
    ['scale', 'integer'],
  ],
  SDModelItem: [
    ['title', 'string!'],
    ['model_name', 'string!'],
    ['hash', 'string', 'Short hash'],
    ['sha256', 'string', 'sha256 hash'],
    ['filename', 'string!'],
    ['config', 'string', 'Config file'],
  ],
  SDVaeItem: [
    ['model_name', 'string!'],
    ['filename', 'string!'],
  ],
  SamplerItem: [
    ['name', 'string!'],
    ['aliases', 'strings!'],
    ['options', 'string map!'],
  ],
  SchedulerItem: [
    ['name', 'string!'],
    ['label', 'string!'],
    ['aliases', 'strings'],
    ['default_rho', 'number'],
    ['need_inner_model', 'boolean', 'Needs Inner Model'],
  ],
  ScriptArg: [
    ['label', 'string'],
    ['value', 'any'],
    ['minimum', 'any'],
    ['maximum', 'any', 'Minimum'],
    ['step', 'any', 'Minimum'],
    ['choices', 'strings'],
  ],
  ScriptInfo: [
    ['name', 'string'],
    ['is_alwayson', 'boolean', 'IsAlwayson'],
    ['is_img2img', 'boolean', 'IsImg2img'],
    ['args', '[ScriptArg]!', 'Arguments'],
  ],
  ScriptsList: [
    ['txt2img', 'list', 'Txt2img'],
    ['img2img', 'list', 'Img2img'],
  ],
  TextToImageResponse: [
    ['images', 'strings', 'Image'],
    ['parameters', 'object!'],
    ['info', 'string!'],
  ],
  TrainResponse: [['info', 'string!', 'Train info']],
  UpscalerItem: [
    ['name', 'string!'],
    ['model_name', 'string'],
    ['model_path', 'string', 'Path'],
    ['model_url', 'string', 'URL'],
    ['scale', 'number'],
  ],
}

/** The two answers that are both called ProgressResponse. */
export const PROGRESS_RECORDS: Readonly<Record<string, readonly FieldRow[]>> = {
  modules__api__models__ProgressResponse: [
    ['progress', 'number!'],
    ['eta_relative', 'number!', 'ETA in secs'],
    ['state', 'object!'],
    ['current_image', 'string', 'Current image'],
    ['textinfo', 'string', 'Info text'],
  ],
  modules__progress__ProgressResponse: [
    ['active', 'boolean!', 'Whether the task is being worked on right now'],
    ['queued', 'boolean!', 'Whether the task is in queue'],
    ['completed', 'boolean!', 'Whether the task has already finished'],
    ['progress', 'number'],
    ['eta', 'number', 'ETA in secs'],
    ['live_preview', 'string', 'Live preview image'],
    ['id_live_preview', 'integer', 'Live preview image ID'],
    ['textinfo', 'string', 'Info text'],
  ],
}

/** Titles of request fields that are not their names. */
export const FIELD_TITLES: Readonly<Record<string, string>> = {
  show_extras_results: 'Show results',
  gfpgan_visibility: 'GFPGAN Visibility',
  codeformer_visibility: 'CodeFormer Visibility',
  codeformer_weight: 'CodeFormer Weight',
  upscaling_resize: 'Upscaling Factor',
  upscaling_resize_w: 'Target Width',
  upscaling_resize_h: 'Target Height',
  upscaling_crop: 'Crop to fit',
  upscaler_1: 'Main upscaler',
  upscaler_2: 'Secondary upscaler',
  extras_upscaler_2_visibility: 'Secondary upscaler visibility',
  upscale_first: 'Upscale first',
  imageList: 'Images',
  id_task: 'Task ID',
  id_live_preview: 'Live preview image ID',
  live_preview: 'Include live preview',
  controlnet_processor_res: 'Controlnet Processor Resolution',
  controlnet_threshold_a: 'Controlnet Threshold a',
  controlnet_threshold_b: 'Controlnet Threshold b',
  low_vram: 'Low vram',
}
