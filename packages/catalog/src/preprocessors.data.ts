/** A number as the extension holds it: bigint where it is whole by type, which its texts show ("100", "100.0"). */
export type SliderNumber = bigint | number

/** A setting of a preprocessor. */
export interface Slider {
  readonly label: string
  /** Taken where a request gives none, or one outside the range. */
  readonly value: SliderNumber
  readonly minimum: SliderNumber
  readonly maximum: SliderNumber
  readonly step: SliderNumber
  /** Whether the extension shows it; the others count in its checks all the same. */
  readonly isVisible: boolean
}

/** A preprocessor row of the table below. */
interface Row {
  readonly name: string
  readonly label?: string
  readonly types: readonly string[]
  readonly isModelFree?: boolean
  readonly needsMask?: boolean
  readonly isBuiltIn?: boolean
  readonly resolution?: Slider
  readonly thresholdA?: Slider
  readonly thresholdB?: Slider
}

const slider = (
  label: string,
  value: SliderNumber,
  [minimum, maximum, step]: readonly [SliderNumber, SliderNumber, SliderNumber],
): Slider => ({ label, value, minimum, maximum, step, isVisible: true })

/** The resolution nearly all of them have. */
export const RESOLUTION = slider('Resolution', 512n, [64n, 2048n, 8n])
/** A setting that is not there: what is given for it is replaced by its value unless it is between 0 and 1. */
export const HIDDEN: Slider = { ...slider('EMPTY_LABEL', 0.5, [0, 1, 0.01]), isVisible: false }
const FIXED_RESOLUTION: Slider = { ...HIDDEN, value: 512n }

/** The preprocessors of sd-webui-controlnet 1.1.455 in its order, `types` being the control types that list them. */
export const PREPROCESSOR_ROWS: readonly Row[] = [
  { name: 'none', types: ['InstructP2P'], isBuiltIn: true },
  { name: 'ip-adapter-auto', types: ['IP-Adapter'] },
  {
    name: 'tile_resample',
    types: ['Tile'],
    isBuiltIn: true,
    thresholdA: slider('Down Sampling Rate', 1, [1, 8, 0.01]),
  },
  { name: 'pidinet', label: 'softedge_pidinet', types: ['SoftEdge'] },
  { name: 'oneformer_ade20k', label: 'seg_ofade20k', types: ['Segmentation'] },
  { name: 'pidinet_scribble', label: 'scribble_pidinet', types: ['Scribble', 'SparseCtrl'] },
  {
    name: 'revision_clipvision',
    types: ['Revision'],
    isModelFree: true,
    thresholdA: slider('Noise Augmentation', 0, [0, 1, 0.01]),
  },
  {
    name: 'reference_only',
    types: ['Reference'],
    isModelFree: true,
    isBuiltIn: true,
    thresholdA: slider('Style Fidelity (only for Balanced mode)', 0.5, [0, 1, 0.01]),
  },
  {
    name: 'recolor_luminance',
    types: ['Recolor'],
    isBuiltIn: true,
    thresholdA: slider('Gamma Correction', 1, [0.1, 2, 0.001]),
  },
  { name: 'openpose_full', types: ['OpenPose'] },
  { name: 'normal_bae', types: ['NormalMap'] },
  {
    name: 'mlsd',
    types: ['MLSD'],
    thresholdA: slider('MLSD Value Threshold', 0.1, [0.01, 2, 0.01]),
    thresholdB: slider('MLSD Distance Threshold', 0.1, [0.01, 20, 0.01]),
  },
  {
    name: 'lineart_standard',
    label: 'lineart_standard (from white bg & black line)',
    types: ['Lineart'],
    isBuiltIn: true,
  },
  { name: 'ip-adapter_clip_sd15', label: 'ip-adapter_clip_h', types: ['IP-Adapter'] },
  { name: 'inpaint_only', types: ['Inpaint'], needsMask: true, isBuiltIn: true, resolution: HIDDEN },
  { name: 'depth', label: 'depth_midas', types: ['Depth'] },
  {
    name: 'canny',
    types: ['Canny'],
    isBuiltIn: true,
    thresholdA: slider('Low Threshold', 100n, [1n, 255n, 1n]),
    thresholdB: slider('High Threshold', 200n, [1n, 255n, 1n]),
  },
  {
    name: 'invert',
    label: 'invert (from white bg & black line)',
    types: ['Canny', 'Lineart', 'MLSD', 'Scribble'],
    isBuiltIn: true,
    resolution: HIDDEN,
  },
  {
    name: 'tile_colorfix+sharp',
    types: ['Tile'],
    isBuiltIn: true,
    thresholdA: slider('Variation', 8, [3, 32, 1]),
    thresholdB: slider('Sharpness', 1, [0, 2, 0.01]),
  },
  { name: 'tile_colorfix', types: ['Tile'], isBuiltIn: true, thresholdA: slider('Variation', 8, [3, 32, 1]) },
  {
    name: 'threshold',
    types: [],
    isBuiltIn: true,
    thresholdA: slider('Binarization Threshold', 127n, [0n, 255n, 0.01]),
  },
  { name: 'clip_vision', label: 't2ia_style_clipvision', types: ['T2I-Adapter'] },
  { name: 'pidinet_sketch', label: 't2ia_sketch_pidi', types: ['T2I-Adapter'] },
  { name: 'color', label: 't2ia_color_grid', types: ['T2I-Adapter'], isBuiltIn: true },
  { name: 'softedge_teed', types: ['SoftEdge'], thresholdA: slider('Safe Steps', 2n, [0n, 10n, 1n]) },
  { name: 'pidinet_safe', label: 'softedge_pidisafe', types: ['SoftEdge'] },
  { name: 'hed_safe', label: 'softedge_hedsafe', types: ['SoftEdge'] },
  { name: 'hed', label: 'softedge_hed', types: ['SoftEdge'] },
  {
    name: 'softedge_anyline',
    types: ['SoftEdge'],
    resolution: { ...RESOLUTION, value: 1280n },
    thresholdA: slider('Safe Steps', 2n, [0n, 10n, 1n]),
  },
  { name: 'shuffle', types: ['Shuffle'], isBuiltIn: true, resolution: FIXED_RESOLUTION },
  { name: 'segmentation', label: 'seg_ufade20k', types: ['Segmentation'] },
  { name: 'oneformer_coco', label: 'seg_ofcoco', types: ['Segmentation'] },
  { name: 'anime_face_segment', label: 'seg_anime_face', types: ['Segmentation'] },
  {
    name: 'scribble_xdog',
    types: ['Scribble', 'SparseCtrl'],
    isBuiltIn: true,
    thresholdA: slider('XDoG Threshold', 32n, [1n, 64n, 0.01]),
  },
  { name: 'scribble_hed', types: ['Scribble', 'SparseCtrl'] },
  {
    name: 'revision_ignore_prompt',
    types: ['Revision'],
    isModelFree: true,
    thresholdA: slider('Noise Augmentation', 0, [0, 1, 0.01]),
  },
  {
    name: 'reference_adain+attn',
    types: ['Reference'],
    isModelFree: true,
    isBuiltIn: true,
    thresholdA: slider('Style Fidelity (only for Balanced mode)', 0.5, [0, 1, 0.01]),
  },
  {
    name: 'reference_adain',
    types: ['Reference'],
    isModelFree: true,
    isBuiltIn: true,
    thresholdA: slider('Style Fidelity (only for Balanced mode)', 0.5, [0, 1, 0.01]),
  },
  {
    name: 'recolor_intensity',
    types: ['Recolor'],
    isBuiltIn: true,
    thresholdA: slider('Gamma Correction', 1, [0.1, 2, 0.001]),
  },
  { name: 'openpose_hand', types: ['OpenPose'] },
  { name: 'openpose_faceonly', types: ['OpenPose'] },
  { name: 'openpose_face', types: ['OpenPose'] },
  { name: 'openpose', types: ['OpenPose'] },
  {
    name: 'normal_map',
    label: 'normal_midas',
    types: ['NormalMap'],
    thresholdA: slider('Normal Background Threshold', 0.4, [0, 1, 0.01]),
  },
  {
    name: 'normal_dsine',
    types: ['NormalMap'],
    thresholdA: slider('Fov', 60n, [0n, 360n, 0.1]),
    thresholdB: slider('Iterations', 5n, [1n, 20n, 1n]),
  },
  { name: 'mobile_sam', types: ['Segmentation'] },
  {
    name: 'mediapipe_face',
    types: [],
    thresholdA: slider('Max Faces', 1n, [1n, 10n, 1n]),
    thresholdB: slider('Min Face Confidence', 0.5, [0.01, 1, 0.01]),
  },
  { name: 'lineart', label: 'lineart_realistic', types: ['Lineart'] },
  { name: 'lineart_coarse', types: ['Lineart'] },
  { name: 'lineart_anime_denoise', types: ['Lineart'] },
  { name: 'lineart_anime', types: ['Lineart'] },
  { name: 'ip-adapter_pulid', types: ['IP-Adapter'], resolution: HIDDEN },
  { name: 'ip-adapter_face_id_plus', types: ['IP-Adapter'] },
  { name: 'ip-adapter_face_id', types: ['IP-Adapter'] },
  { name: 'ip-adapter_clip_sdxl_plus_vith', types: ['IP-Adapter'] },
  { name: 'ip-adapter_clip_sdxl', label: 'ip-adapter_clip_g', types: ['IP-Adapter'] },
  { name: 'instant_id_face_keypoints', types: ['Instant-ID'] },
  { name: 'instant_id_face_embedding', types: ['Instant-ID'] },
  { name: 'inpaint_only+lama', types: ['Inpaint'], needsMask: true, resolution: HIDDEN },
  {
    name: 'inpaint',
    label: 'inpaint_global_harmonious',
    types: ['Inpaint'],
    needsMask: true,
    isBuiltIn: true,
    resolution: HIDDEN,
  },
  { name: 'facexlib', types: [], resolution: HIDDEN },
  { name: 'dw_openpose_full', types: ['OpenPose'] },
  { name: 'depth_zoe', types: ['Depth'] },
  {
    name: 'depth_leres++',
    types: ['Depth'],
    thresholdA: slider('Remove Near %', 0n, [0n, 100n, 0.1]),
    thresholdB: slider('Remove Background %', 0n, [0n, 100n, 0.1]),
  },
  {
    name: 'depth_leres',
    types: ['Depth'],
    thresholdA: slider('Remove Near %', 0n, [0n, 100n, 0.1]),
    thresholdB: slider('Remove Background %', 0n, [0n, 100n, 0.1]),
  },
  { name: 'depth_hand_refiner', types: ['Depth'] },
  { name: 'depth_anything_v2', types: ['Depth'] },
  { name: 'depth_anything', types: ['Depth'] },
  { name: 'densepose_parula', label: 'densepose_parula (black bg & blue torso)', types: ['OpenPose'] },
  { name: 'densepose', label: 'densepose (pruple bg & purple torso)', types: ['OpenPose'] },
  {
    name: 'blur_gaussian',
    types: ['Tile'],
    isBuiltIn: true,
    thresholdA: slider('Sigma', 9, [0.01, 64, 0.01]),
  },
  { name: 'animal_openpose', types: ['OpenPose'] },
]
