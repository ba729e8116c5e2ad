import { InputFile, Job, NodeGraphJob, type JobEvent } from '@atelier/proto'
import sharp from 'sharp'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { EngineFile, EngineOutcome } from '../../engine-protocol.ts'
import type { Happening, JobContext } from '../job-context.ts'
import { readCases } from '../test-kit.ts'
import { NodeCache } from './node-cache.ts'
import { runNodeGraph } from './run-node-graph.ts'

const written = vi.hoisted(() => ({ texts: 0 }))
vi.mock(import('../image/comfy-texts.ts'), async (importOriginal) => {
  const original = await importOriginal()
  return {
    toComfyTexts: (...args) => {
      written.texts += 1
      return original.toComfyTexts(...args)
    },
  }
})

interface OrderCase {
  readonly case: string
  readonly prompt: Record<string, { class_type: string; inputs: object }>
  readonly outputs_to_execute: readonly string[]
  readonly executing: readonly string[]
  readonly executed: readonly string[]
}

const orders = readCases<OrderCase>(new URL('__fixtures__/order.jsonl', import.meta.url))

const picture = (color: number) => ({
  class_type: 'EmptyImage',
  inputs: { width: 8, height: 8, batch_size: 1, color },
})
const invert = (source: string) => ({ class_type: 'ImageInvert', inputs: { image: [source, 0] } })
const save = (source: string, prefix = 'x') => ({
  class_type: 'SaveImage',
  inputs: { images: [source, 0], filename_prefix: prefix },
})

describe('runNodeGraph', () => {
  let cache: NodeCache
  let events: Happening[]
  let early: { file: EngineFile; index: number; count: number }[]
  let counters: Map<string, number>
  beforeEach(() => {
    cache = new NodeCache()
    counters = new Map()
  })

  const run = async (
    prompt: object,
    outputNodeIds: readonly string[],
    change: { job?: Partial<NodeGraphJob>; context?: Partial<JobContext> } = {},
  ): Promise<EngineOutcome> => {
    events = []
    early = []
    const job = NodeGraphJob.fromPartial({
      graphJson: JSON.stringify(prompt),
      outputNodeIds: [...outputNodeIds],
      extraDataJson: '{}',
      ...change.job,
    })
    const context: JobContext = {
      job: Job.fromPartial({ id: 'job', kind: { $case: 'nodeGraph', value: job } }),
      inputs: new Map(),
      cancelled: new AbortController().signal,
      takeSkip: () => false,
      finishPixels: (pixels) => pixels,
      tell: (event) => void events.push(event),
      sendEarly: (file, index, count) => void early.push({ file, index, count }),
      allocate: async (counter, count) => {
        const first = counters.get(counter) ?? 1
        counters.set(counter, first + count)
        return first
      },
      ...change.context,
    }
    return runNodeGraph(job, context, { models: {} as never, texts: {} as never, cache })
  }
  const nodesOf = (kind: NonNullable<JobEvent['event']>['$case']) =>
    events.flatMap((event) => (event.$case === kind && 'nodeId' in event.value ? [event.value.nodeId] : []))
  const cachedNodes = () =>
    events.flatMap((event) => (event.$case === 'jobStart' ? event.value.cachedNodeIds : []))
  const shown = () =>
    events.flatMap((event) =>
      event.$case === 'nodeEnd' && (event.value.outputJson !== '' || event.value.cached)
        ? [event.value.nodeId]
        : [],
    )

  it.each(orders)('runs $case in the order of the original', async (row) => {
    await run(row.prompt, row.outputs_to_execute)
    // Which of several outputs comes first is a matter of a set there.
    const order = (nodes: readonly string[]) =>
      row.outputs_to_execute.length > 1 ? [...nodes].sort() : nodes
    expect(order(nodesOf('nodeStart'))).toEqual(order(row.executing))
    expect(shown().sort()).toEqual([...row.executed].sort())
  })

  it('finds everything in the cache the second time, and shows the same file again', async () => {
    const prompt = { 1: picture(1), 2: save('1') }
    const first = await run(prompt, ['2'])
    const second = await run(prompt, ['2'])
    expect(cachedNodes()).toEqual(['1', '2'])
    expect(nodesOf('nodeStart')).toEqual([])
    expect(second.kind === 'done' && second.result.nodeOutputsJson).toEqual(
      first.kind === 'done' && first.result.nodeOutputsJson,
    )
    expect(second.files).toEqual([])
  })

  it('lists what cached outputs show although they were not asked for', async () => {
    const prompt = { 1: picture(1), 2: save('1'), 3: save('1', 'y') }
    await run(prompt, ['2', '3'])
    const outcome = await run(prompt, ['3'])
    expect(outcome.kind === 'done' && Object.keys(outcome.result.nodeOutputsJson)).toEqual(['2', '3'])
    expect(shown()).toEqual(['3'])
  })

  it('keeps only the results of the newest prompt', async () => {
    await run({ 1: picture(1), 2: save('1') }, ['2'])
    await run({ 1: picture(2), 2: save('1') }, ['2'])
    await run({ 1: picture(1), 2: save('1') }, ['2'])
    expect(cachedNodes()).toEqual([])
  })

  it('keeps the results of a run while another one of the tenant begins', async () => {
    const gate = { open: () => undefined as void }
    const opened = new Promise<void>((resolve) => (gate.open = resolve))
    const slow = run({ 1: picture(1), 2: invert('1'), 3: save('2') }, ['3'], {
      context: { allocate: async () => opened.then(() => 1) },
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await run({ 1: picture(2), 2: save('1') }, ['2'])
    gate.open()
    expect((await slow).kind).toBe('done')
  })

  it('runs nodes over the items of a list, and finds the whole list in the cache', async () => {
    const batch = { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 3, color: 1 } }
    const cut = { class_type: 'RebatchImages', inputs: { images: ['1', 0], batch_size: 2 } }
    const prompt = (end: object) => ({ 1: batch, 2: cut, 3: invert('2'), 4: end })
    const outcome = await run(prompt(save('3')), ['4'])
    expect(outcome.files.map(({ file }) => file.name)).toEqual([
      ...['x_00001_.png', 'x_00002_.png', 'x_00003_.png'],
    ])
    const again = await run(prompt(save('3', 'y')), ['4'])
    expect(cachedNodes()).toEqual(['1', '2', '3'])
    expect(again.files).toHaveLength(3)
  })

  it('numbers previews on, item by item and prompt by prompt', async () => {
    const batch = (color: number) => ({
      class_type: 'EmptyImage',
      inputs: { width: 8, height: 8, batch_size: 2, color },
    })
    const names = async (color: number) => {
      const prompt = {
        1: batch(color),
        2: { class_type: 'RebatchImages', inputs: { images: ['1', 0], batch_size: 1 } },
        3: { class_type: 'PreviewImage', inputs: { images: ['2', 0] } },
      }
      return (await run(prompt, ['3'])).files.map(({ file }) => file.name)
    }
    const all = [...(await names(1)), ...(await names(2))]
    const stem = all[0]!.slice(0, 'ComfyUI_temp_abcde'.length)
    expect(all).toEqual([1, 2, 3, 4].map((number) => `${stem}_0000${number}_.png`))
  })

  it('runs a node that sends pictures every time, and shows nothing for it', async () => {
    const prompt = { 1: picture(1), 2: { class_type: 'SaveImageWebsocket', inputs: { images: ['1', 0] } } }
    await run(prompt, ['2'])
    const outcome = await run(prompt, ['2'])
    expect(nodesOf('nodeStart')).toEqual(['2'])
    expect(early.map(({ index, count }) => [index, count])).toEqual([[0, 1]])
    expect(outcome.kind === 'done' && outcome.result.nodeOutputsJson).toEqual({})
  })

  it('runs a node again when the client says that the file it loads changed', async () => {
    const prompt = (isChanged: string) => ({
      1: { class_type: 'LoadImage', inputs: { image: 'a.png' }, is_changed: isChanged },
      2: save('1'),
    })
    const file = { reference: 'a.png', blob: { key: 'k', sha256: 'abc' } }
    const pixel = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const change = {
      job: { inputFiles: [InputFile.fromPartial(file)] },
      context: { inputs: new Map([['k', new Uint8Array(pixel)]]) },
    }
    await run(prompt('a'), ['2'], change)
    await run(prompt('a'), ['2'], change)
    expect(cachedNodes()).toEqual(['1', '2'])
    await run(prompt('b'), ['2'], change)
    expect(cachedNodes()).toEqual([])
  })

  it('replaces the files of names that hold the place in the batch', async () => {
    const names = async (color: number) => {
      const outcome = await run({ 1: picture(color), 2: save('1', 'b%batch_num%') }, ['2'])
      return outcome.files.map(({ file }) => file.name)
    }
    expect([await names(1), await names(2)]).toEqual([['b0_00001_.png'], ['b0_00001_.png']])
  })

  it('takes literals for choices that are named among the options, and for inputs of any type', async () => {
    const outcome = await run(
      {
        1: { class_type: 'PreviewAny', inputs: { source: 2.0 } },
        2: {
          class_type: 'SamplerER_SDE',
          inputs: { solver_type: 'ODE', max_stage: 3, eta: 1, s_noise: 1 },
        },
        3: { class_type: 'PreviewAny', inputs: { source: 'a text', unused: ['2', 0] } },
      },
      ['1', '3'],
    )
    expect(outcome.kind === 'done' && outcome.result.nodeOutputsJson).toEqual({
      1: '{"text":["2"]}',
      3: '{"text":["a text"]}',
    })
  })

  it.each([
    [save('1', '../x'), 'Exception', /^\*\*\*\* ERROR: Saving image outside.+\n full_output_folder: \/\n/],
    [
      { class_type: 'PreviewImage', inputs: { images: null } },
      'TypeError',
      /^'NoneType' object is not subscriptable$/,
    ],
    [
      { class_type: 'PreviewImage', inputs: { images: 'x' } },
      'AttributeError',
      /^'str' object has no attribute 'shape'$/,
    ],
    [
      { class_type: 'VAEDecode', inputs: { samples: 5, vae: 'x' } },
      'TypeError',
      /^'int' object is not subscriptable$/,
    ],
    [
      { class_type: 'KSampler', inputs: { model: 'x' } },
      'AttributeError',
      /^'str' object has no attribute 'get_model_object'$/,
    ],
  ])('fails in the words of the original (case %#)', async (node, exceptionType, message) => {
    const outcome = await run({ 1: picture(1), 2: node }, ['2'])
    if (outcome.kind !== 'failed') throw new Error('it did not fail')
    expect(outcome.error).toMatchObject({ nodeId: '2', nodeType: node.class_type, exceptionType })
    expect(outcome.error.message).toMatch(message)
  })

  it('shows the inputs of a failing node, hidden ones too', async () => {
    const graphJson =
      '{"1": {"class_type": "SaveImage", "inputs": {"images": null, "filename_prefix": "../x", "extra": [1], "n": 8.0}}}'
    const extraDataJson = '{"extra_pnginfo": {"workflow": {"a": 1}}}'
    const outcome = await run({}, ['1'], { job: { graphJson, extraDataJson } })
    if (outcome.kind !== 'failed') throw new Error('it did not fail')
    expect(outcome.error.currentInputsJson).toBe(
      `{"images": [null], "filename_prefix": ["../x"], "extra": ["[1]"], "n": [8.0], "prompt": ["{'1': {'class_type': 'SaveImage', 'inputs': {'images': None, 'filename_prefix': '../x', 'extra': [1], 'n': 8.0}}}"], "extra_pnginfo": ["{'workflow': {'a': 1}}"]}`,
    )
  })

  it('says which node was stopped', async () => {
    const stop = new AbortController()
    stop.abort()
    const outcome = await run({ 1: picture(1), 2: save('1') }, ['2'], { context: { cancelled: stop.signal } })
    expect(outcome).toMatchObject({
      kind: 'interrupted',
      result: { interruptedNodeId: '1', executedNodeIds: [] },
    })
  })

  it('writes the graph for its files once, however many hold it', async () => {
    const sources = Object.fromEntries([1, 2, 3, 4].map((n) => [`e${n}`, picture(n)]))
    const previews = Object.fromEntries(
      [1, 2, 3, 4].map((n) => [`p${n}`, { class_type: 'PreviewImage', inputs: { images: [`e${n}`, 0] } }]),
    )
    written.texts = 0
    const { files } = await run({ ...sources, ...previews }, Object.keys(previews))
    expect(files).toHaveLength(4)
    for (const { bytes } of files) expect(Buffer.from(bytes).includes('PreviewImage')).toBe(true)
    expect(written.texts).toBe(1)
  })

  it('does not write it where no file holds it', async () => {
    written.texts = 0
    await run({ e: picture(1), p: { class_type: 'PreviewImage', inputs: { images: ['e', 0] } } }, ['p'], {
      job: { omitMetadata: true },
    })
    await run({ e: picture(1), s: { class_type: 'SaveImageWebsocket', inputs: { images: ['e', 0] } } }, ['s'])
    expect(written.texts).toBe(0)
  })
})
