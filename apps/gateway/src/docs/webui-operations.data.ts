/** One operation of the WebUI API as its document describes it. */
export interface OperationRow {
  readonly method: 'get' | 'post'
  readonly path: string
  /** First part of the operation id, which generated clients name their functions by. */
  readonly handler: string
  readonly summary: string
  /** Schema of the body; "Req" and "Args" are plain objects, "[PoseData]" is a list of poses. */
  readonly body?: string
  readonly isBodyOptional?: boolean
  /** Schema of the answer; absent: any. */
  readonly answer?: string
  /** A switch in the query, and what it is when it is not sent. */
  readonly query?: readonly [name: string, fallback: boolean]
}

type Row = [
  method: 'get' | 'post',
  path: string,
  handler: string,
  summary: string,
  more?: Partial<OperationRow>,
]

const ROWS: readonly Row[] = [
  ['get', '/app_id', 'app_id', 'Number of this server', { answer: 'object' }],
  ['get', '/internal/pending-tasks', 'get_pending_tasks', 'Tasks that wait'],
  [
    'post',
    '/internal/progress',
    'progressapi',
    'Progress of one task',
    { body: 'ProgressRequest', answer: 'modules__progress__ProgressResponse' },
  ],
  [
    'get',
    '/internal/quicksettings-hint',
    'quicksettings_hint',
    'Names of options',
    { answer: '[QuicksettingsHint]' },
  ],
  ['get', '/internal/ping', '_lambda_', 'Whether the server answers'],
  [
    'post',
    '/sdapi/v1/txt2img',
    'text2imgapi',
    'Pictures from text',
    { body: 'StableDiffusionProcessingTxt2Img', answer: 'TextToImageResponse' },
  ],
  [
    'post',
    '/sdapi/v1/img2img',
    'img2imgapi',
    'Pictures from pictures and text',
    { body: 'StableDiffusionProcessingImg2Img', answer: 'ImageToImageResponse' },
  ],
  [
    'post',
    '/sdapi/v1/extra-single-image',
    'extras_single_image_api',
    'Upscales a picture (not built yet)',
    { body: 'ExtrasSingleImageRequest', answer: 'ExtrasSingleImageResponse' },
  ],
  [
    'post',
    '/sdapi/v1/extra-batch-images',
    'extras_batch_images_api',
    'Upscales pictures (not built yet)',
    { body: 'ExtrasBatchImagesRequest', answer: 'ExtrasBatchImagesResponse' },
  ],
  [
    'post',
    '/sdapi/v1/png-info',
    'pnginfoapi',
    'What a picture says about how it was made',
    { body: 'PNGInfoRequest', answer: 'PNGInfoResponse' },
  ],
  [
    'get',
    '/sdapi/v1/progress',
    'progressapi',
    'Progress of the running job, with a live preview',
    { answer: 'modules__api__models__ProgressResponse', query: ['skip_current_image', false] },
  ],
  [
    'post',
    '/sdapi/v1/interrogate',
    'interrogateapi',
    'Describes a picture (not built yet)',
    { body: 'InterrogateRequest' },
  ],
  ['post', '/sdapi/v1/interrupt', 'interruptapi', 'Ends the running job with what it has'],
  ['post', '/sdapi/v1/skip', 'skip', 'Ends the present pass of the running job'],
  ['get', '/sdapi/v1/options', 'get_config', 'All options', { answer: 'Options' }],
  ['post', '/sdapi/v1/options', 'set_config', 'Changes options', { body: 'Req' }],
  ['get', '/sdapi/v1/cmd-flags', 'get_cmd_flags', 'Command-line flags', { answer: 'Flags' }],
  ['get', '/sdapi/v1/samplers', 'get_samplers', 'Samplers', { answer: '[SamplerItem]' }],
  ['get', '/sdapi/v1/schedulers', 'get_schedulers', 'Schedules', { answer: '[SchedulerItem]' }],
  ['get', '/sdapi/v1/upscalers', 'get_upscalers', 'Upscalers', { answer: '[UpscalerItem]' }],
  [
    'get',
    '/sdapi/v1/latent-upscale-modes',
    'get_latent_upscale_modes',
    'Ways to upscale a latent',
    { answer: '[LatentUpscalerModeItem]' },
  ],
  ['get', '/sdapi/v1/sd-models', 'get_sd_models', 'Checkpoints', { answer: '[SDModelItem]' }],
  ['get', '/sdapi/v1/sd-vae', 'get_sd_vaes', 'Separate VAEs', { answer: '[SDVaeItem]' }],
  [
    'get',
    '/sdapi/v1/sd-modules',
    'get_sd_modules',
    'Separate VAEs and text encoders',
    { answer: '[SDVaeItem]' },
  ],
  ['get', '/sdapi/v1/hypernetworks', 'get_hypernetworks', 'Hypernetworks', { answer: '[HypernetworkItem]' }],
  [
    'get',
    '/sdapi/v1/face-restorers',
    'get_face_restorers',
    'Face restorers',
    { answer: '[FaceRestorerItem]' },
  ],
  [
    'get',
    '/sdapi/v1/realesrgan-models',
    'get_realesrgan_models',
    'Real-ESRGAN upscalers',
    { answer: '[RealesrganItem]' },
  ],
  ['get', '/sdapi/v1/prompt-styles', 'get_prompt_styles', 'Prompt styles', { answer: '[PromptStyleItem]' }],
  ['get', '/sdapi/v1/embeddings', 'get_embeddings', 'Textual inversions', { answer: 'EmbeddingsResponse' }],
  ['post', '/sdapi/v1/refresh-embeddings', 'refresh_embeddings', 'Does nothing: folders are followed'],
  ['post', '/sdapi/v1/refresh-checkpoints', 'refresh_checkpoints', 'Does nothing: folders are followed'],
  ['post', '/sdapi/v1/refresh-vae', 'refresh_vae', 'Does nothing: folders are followed'],
  [
    'post',
    '/sdapi/v1/create/embedding',
    'create_embedding',
    'Not built yet',
    { body: 'Args', answer: 'CreateResponse' },
  ],
  [
    'post',
    '/sdapi/v1/create/hypernetwork',
    'create_hypernetwork',
    'Not built yet',
    { body: 'Args', answer: 'CreateResponse' },
  ],
  [
    'post',
    '/sdapi/v1/train/embedding',
    'train_embedding',
    'Not built yet',
    { body: 'Args', answer: 'TrainResponse' },
  ],
  [
    'post',
    '/sdapi/v1/train/hypernetwork',
    'train_hypernetwork',
    'Not built yet',
    { body: 'Args', answer: 'TrainResponse' },
  ],
  ['get', '/sdapi/v1/memory', 'get_memory', 'Memory of a worker', { answer: 'MemoryResponse' }],
  ['post', '/sdapi/v1/unload-checkpoint', 'unloadapi', 'Takes models out of memory'],
  [
    'post',
    '/sdapi/v1/reload-checkpoint',
    'reloadapi',
    'Does nothing: models are loaded when they are needed',
  ],
  ['get', '/sdapi/v1/scripts', 'get_scripts_list', 'Scripts', { answer: 'ScriptsList' }],
  ['get', '/sdapi/v1/script-info', 'get_script_info', 'Arguments of scripts', { answer: '[ScriptInfo]' }],
  ['get', '/sdapi/v1/extensions', 'get_extensions_list', 'Extensions', { answer: '[ExtensionItem]' }],
  ['get', '/sdapi/v1/loras', 'get_loras', 'LoRAs'],
  ['post', '/sdapi/v1/refresh-loras', 'refresh_loras', 'Does nothing: folders are followed'],
  ['get', '/controlnet/version', 'version', 'Version of the ControlNet routes'],
  ['get', '/controlnet/model_list', 'model_list', 'ControlNet models', { query: ['update', true] }],
  ['get', '/controlnet/module_list', 'module_list', 'Preprocessors', { query: ['alias_names', false] }],
  [
    'get',
    '/controlnet/control_types',
    'control_types',
    'Kinds of control, with their preprocessors and models',
  ],
  ['get', '/controlnet/settings', 'settings', 'Settings of ControlNet'],
  [
    'post',
    '/controlnet/detect',
    'detect',
    'Control pictures of pictures',
    { body: 'Body_detect_controlnet_detect_post', isBodyOptional: true },
  ],
  [
    'post',
    '/controlnet/render_openpose_json',
    'render_openpose_json',
    'Draws poses',
    { body: '[PoseData]', isBodyOptional: true },
  ],
]

/** The operations of the WebUI API, in the original's order. */
export const WEBUI_OPERATIONS: readonly OperationRow[] = ROWS.map(
  ([method, path, handler, summary, more]) => ({
    ...{ method, path, handler, summary },
    ...more,
  }),
)
