import type { Dtype } from '../dtype.ts'

/** Element types of PyTorch's typed storages, by class name. */
export const STORAGE_DTYPES: Readonly<Record<string, Dtype>> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexFloatStorage: 'C64',
}

/** Element types by PyTorch's own names. */
export const TORCH_DTYPES: Readonly<Record<string, Dtype>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float64: 'F64',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  uint16: 'U16',
  uint32: 'U32',
  uint64: 'U64',
  bool: 'BOOL',
  complex64: 'C64',
  float8_e4m3fn: 'F8_E4M3',
  float8_e5m2: 'F8_E5M2',
  float8_e8m0fnu: 'F8_E8M0',
}

/** Functions that make a tensor: of a storage, of a storage and an element type, or of a tensor. */
export const TENSOR_MAKERS: Readonly<Record<string, 'plain' | 'typed' | 'parameter'>> = {
  'torch._utils _rebuild_tensor': 'plain',
  'torch._utils _rebuild_tensor_v2': 'plain',
  'torch._utils _rebuild_tensor_v3': 'typed',
  'torch._utils _rebuild_parameter': 'parameter',
  'torch._utils _rebuild_parameter_with_state': 'parameter',
}

/** Classes of dictionaries, called without arguments or with a list of pairs. */
export const DICTIONARIES: ReadonlySet<string> = new Set([
  'collections OrderedDict',
  'collections defaultdict',
  'builtins dict',
  '__builtin__ dict',
])

/**
 * Harmless things that training programs leave beside the weights, as A1111's and ComfyUI's readers allow them. They are
 * taken for empty objects, whatever they are called with.
 */
export const INERT: ReadonlySet<string> = new Set([
  'torch Size',
  'torch device',
  'torch.nn.parameter Parameter',
  'torch.nn.modules.container ParameterDict',
  'torch.nn.modules.container ParameterList',
  'pytorch_lightning.callbacks model_checkpoint',
  'pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint',
  'lightning.pytorch.callbacks.model_checkpoint ModelCheckpoint',
  'numpy dtype',
  'numpy ndarray',
  'numpy.core.multiarray scalar',
  'numpy.core.multiarray _reconstruct',
  'numpy._core.multiarray scalar',
  'numpy._core.multiarray _reconstruct',
  'numpy.dtypes Float64DType',
  '_codecs encode',
  'builtins set',
  '__builtin__ set',
])
