import { describe, expect, it } from 'vitest'
import {
  findNetworkPreprocessor,
  NETWORK_PREPROCESSORS,
  toPreprocessorName,
} from './network-preprocessors.ts'
import { findPreprocessor } from './preprocessors.ts'

describe('preprocessors that are networks', () => {
  it.each(NETWORK_PREPROCESSORS.map(({ name }) => name))(
    '%s is one of the extension’s and not built in',
    (name) => {
      expect(findPreprocessor(name)).toMatchObject({ name, isBuiltIn: false, isModelFree: false })
    },
  )

  it('are found by the names of their files', () => {
    expect(toPreprocessorName('depth/depth_anything_v2.onnx')).toBe('depth_anything_v2')
    expect(toPreprocessorName('hed.ONNX')).toBe('hed')
    expect(findNetworkPreprocessor('canny')).toBeUndefined()
  })
})
