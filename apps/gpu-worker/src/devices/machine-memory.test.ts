import { totalmem } from 'node:os'
import { describe, expect, it } from 'vitest'
import { readMachineMemory } from './machine-memory.ts'

const GIB = 2 ** 30

describe('readMachineMemory', () => {
  it("is a container's limit where that is below the machine's memory", () => {
    const readings = { machineBytes: 512 * GIB, allowedBytes: 16 * GIB, availableBytes: 10 * GIB }
    expect(readMachineMemory(readings)).toEqual({ totalBytes: 16 * GIB, freeBytes: 10 * GIB })
  })

  // cgroup v2 without a limit and systems without such groups say 0, cgroup v1 says 2 ** 63 rounded to pages or more.
  it.each([0, 2 ** 63, 2 ** 64])("is the machine's memory where the limit reads %d", (allowedBytes) => {
    const readings = { machineBytes: 64 * GIB, allowedBytes, availableBytes: 60 * GIB }
    expect(readMachineMemory(readings)).toEqual({ totalBytes: 64 * GIB, freeBytes: 60 * GIB })
  })

  it('reads this machine', () => {
    const { totalBytes, freeBytes } = readMachineMemory()
    expect(totalBytes).toBeGreaterThan(0)
    expect(totalBytes).toBeLessThanOrEqual(totalmem())
    expect(freeBytes).toBeGreaterThan(0)
    expect(freeBytes).toBeLessThanOrEqual(totalBytes)
  })
})
