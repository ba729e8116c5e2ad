import { findPreprocessor } from '@atelier/catalog'
import { formatExactJson } from '@atelier/catalog/exact-json'
import { ModelFile, ModelKind } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { ModelIndex } from '../../models/model-index.ts'
import { toDetectBody } from './detect.ts'
import { findPreprocessorFiles, whyMissing } from './preprocessor-files.ts'

function indexOf(names: readonly string[]): ModelIndex {
  const files = names.map((name) =>
    ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_PREPROCESSOR, name, identity: name, path: `/models/${name}` },
    }),
  )
  return {
    list: (kind: ModelKind) => files.filter((file) => file.kind === kind),
  } as unknown as ModelIndex
}

describe('poses', () => {
  const dwPose = findPreprocessor('dw_openpose_full')!

  it('need a detector and a network of joints, by the names they are published under', () => {
    const models = indexOf(['openpose/yolox_l.onnx', 'dw-ll_ucoco_384.onnx'])
    expect(whyMissing(dwPose, models)).toBeUndefined()
    expect(findPreprocessorFiles(models, dwPose)).toMatchObject({
      network: { name: 'dw-ll_ucoco_384.onnx' },
      detector: { name: 'openpose/yolox_l.onnx' },
    })
    expect(whyMissing(dwPose, indexOf(['yolox_l.onnx']))).toMatch(/yolox_l.onnx and dw-ll_ucoco_384.onnx/)
  })

  it('are told beside the pictures of a detection', () => {
    const poses = ['{"people": [], "animals": [], "canvas_height": 64, "canvas_width": 64}']
    expect(formatExactJson(toDetectBody(['AAAA'], poses))).toBe(
      `{"info": "Success", "poses": [${poses[0]}], "images": ["AAAA"]}`,
    )
    expect([...toDetectBody(['AAAA']).keys()]).toEqual(['info', 'images'])
  })
})
