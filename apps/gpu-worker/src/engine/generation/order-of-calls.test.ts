import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createFakeSession } from '../../fake-engine/fake-session.ts'
import type { Graph } from '../onnx/graph.ts'
import type { Session } from '../onnx/network-session.ts'
import { openGenerationKit, smallJob, smallSampling } from './test-kit.ts'

/** Networks that answer zeros, at once or after milliseconds, and note each call, denoisers with their rows. */
function openWatchedKit(callMs = 0) {
  const calls: string[] = []
  const nameOf = ({ outputs }: Graph): string => {
    if (outputs.some(({ name }) => name === 'prediction')) return 'denoise'
    return outputs.some(({ name }) => name === 'pixels') ? 'decode' : 'text'
  }
  const open = (graph: Graph): Session => {
    const fake = createFakeSession(graph, 0)
    const name = nameOf(graph)
    return {
      ...fake,
      async run(inputs, outputs, onBusy) {
        calls.push(name === 'denoise' ? `${name} ${inputs['latent']!.shape[0]}` : name)
        // Every call takes as long, whatever it holds: all rows may join.
        onBusy?.(1)
        if (callMs > 0) await sleep(callMs)
        return fake.run(inputs, outputs)
      },
    }
  }
  const kit = openGenerationKit([], { session: { device: 'cpu', threads: 1, open } })
  return { calls, kit }
}

/** Large enough for its file to be written by other threads (image/small-png.ts). */
const SIDE = 128

const job = (steps: number, prompt = 'a cat') =>
  smallJob({
    ...{ width: SIDE, height: SIDE },
    sampling: smallSampling({ steps }),
    images: [{ prompt, negativePrompt: '', seed: 5n, infotext: '' }],
  })

describe('calls of jobs that run at once', () => {
  it('hold the rows of all of them, not of one half and the other in turns', async () => {
    const { calls, kit } = openWatchedKit()
    const [jobs, steps] = [4, 20]
    await Promise.all(Array.from({ length: jobs }, () => kit.run(job(steps))))
    const rows = calls.filter((call) => call.startsWith('denoise'))
    // Two rows a job; those that came before anything was measured run on alone for a moment.
    expect(rows.filter((call) => call === `denoise ${2 * jobs}`).length).toBeGreaterThan(steps / 2)
    expect(rows.length).toBeLessThan(steps + 3 * jobs)
    await kit.close()
  })

  it('let a job that comes later have its text encoded between two steps, and join', async () => {
    const { calls, kit } = openWatchedKit()
    const first = kit.run(job(40), {
      onEvent: (event) => {
        if (event.$case === 'stepProgress' && event.value.step === 15) later = kit.run(job(15, 'a dog'))
      },
    })
    let later: Promise<unknown> | undefined
    await first
    await later
    const encoded = calls.lastIndexOf('text')
    const joined = calls.indexOf('denoise 4')
    expect(calls.slice(0, encoded)).toContain('denoise 2')
    expect(encoded).toBeLessThan(joined)
    expect(calls.slice(joined)).toContain('decode')
    expect(calls.filter((call) => call === 'denoise 4').length).toBeGreaterThan(8)
    await kit.close()
  })

  it('decode a finished job between two steps of others, which do not wait for its file', async () => {
    // The first decoder of a process takes a while to be made; the other job must still run then.
    const { calls, kit } = openWatchedKit(2)
    const short = kit.run(job(10)).then(() => calls.push('short ended'))
    await Promise.all([short, kit.run(job(150, 'a dog'))])
    const decoded = calls.indexOf('decode')
    const ended = calls.indexOf('short ended')
    expect(calls.slice(0, decoded)).toContain('denoise 4')
    // While the file is being written, the other goes on.
    expect(calls.slice(decoded, ended)).toContain('denoise 2')
    expect(calls.filter((call) => call === 'decode')).toHaveLength(2)
    await kit.close()
  })
})
