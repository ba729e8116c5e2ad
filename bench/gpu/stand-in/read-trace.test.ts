import { describe, expect, it } from 'vitest'
import { readTrace } from './read-trace.ts'

const TRACE = [
  '## load',
  'A 1048576 1048576',
  '## 2 rows',
  'A 2097152 3145728',
  'M 1 64 async',
  'K _ZN11onnxruntime4cuda13_ConcatKernelIsEEvi 1,1,1 256,1,1 0',
  'B GemmEx 2x3x4 1 times',
  'D execute',
  'D execute',
  '## 2 rows',
  'C begin',
  'K _ZN11onnxruntime4cuda13_ConcatKernelIsEEvi 1,1,1 256,1,1 0',
  'M 1 16 captured',
  'C end 5',
  'G 5',
  '## release',
  'F 2097152 1048576',
  'F 1048576 0',
  '## end',
]

describe('a trace of the stand-in', () => {
  it('tells launches by name, nodes of the captured call, memory, and what a graph must not contain', () => {
    expect(readTrace('sd15', TRACE.join('\n'))).toEqual({
      network: 'sd15',
      launches: 5,
      isCaptured: true,
      kernels: { execute: 2, _ConcatKernel: 1, GemmEx: 1 },
      heldMib: 1,
      peakMib: 3,
      faults: ['1 copies from host memory in a graph that is replayed'],
    })
  })

  it('tells what was refused, of what calls gave notice, and what was not let go', () => {
    const lines = [
      ...TRACE.slice(0, 9),
      '! cudaMalloc during a capture: error 900',
      '## notice calls are no longer captured',
      '## end',
    ]
    const { isCaptured, launches, faults } = readTrace('sd15', lines.join('\n'))
    expect({ isCaptured, launches }).toEqual({ isCaptured: false, launches: 4 })
    expect(faults).toEqual([
      'cudaMalloc during a capture: error 900',
      'notice calls are no longer captured',
      '3145728 bytes were not let go',
    ])
  })
})
