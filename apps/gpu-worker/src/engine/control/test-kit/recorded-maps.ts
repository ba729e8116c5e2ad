import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { findPreprocessor } from '@atelier/catalog'
import { ResizeMode } from '@atelier/proto'
import type { Pixels } from '../../image/pixels.ts'
import { openFixture, readCases } from '../../test-kit.ts'
import { fitMap } from '../fit-map.ts'
import { preprocess } from '../preprocess/index.ts'
import { shufflePixels } from '../preprocess/shuffle.ts'
import { showMap } from '../show-map.ts'

/**
 * A control picture that sd-webui-controlnet 1.1.455 made with OpenCV 4.11: up to id 0468 recorded from a server, the
 * others by running its functions. Test code.
 */
export interface RecordedMap {
  readonly id: string
  readonly fn: 'detect' | 'shuffle' | 'detectmap_proc'
  readonly args: Readonly<Record<string, string | number>>
  readonly in: { readonly image: string; readonly mask?: string }
  readonly out: { readonly image: string }
}

const MODES: Readonly<Record<string, ResizeMode>> = {
  'Just Resize': ResizeMode.RESIZE_MODE_STRETCH,
  'Crop and Resize': ResizeMode.RESIZE_MODE_CROP,
  'Resize and Fill': ResizeMode.RESIZE_MODE_FILL,
}

/** The recorded cases of a file, and what ours differ from them by. */
export function openRecordedMaps(name: 'preprocessors' | 'fitted-maps') {
  const here = (file: string) => new URL(`../__fixtures__/${file}`, import.meta.url)
  const path = join(mkdtempSync(join(tmpdir(), 'maps-')), `${name}.safetensors`)
  writeFileSync(path, gunzipSync(readFileSync(here(`${name}.safetensors.gz`))))
  const tensors = openFixture(pathToFileURL(path))
  const read = (key: string, channels: 3 | 4): Pixels => {
    const { shape, data } = tensors.tensor(key)
    const [height = 0, width = 0, stored = 1] = shape
    // Grey pictures are stored once.
    const values = Uint8Array.from({ length: width * height * channels }, (_, i) => {
      const pixel = Math.floor(i / channels)
      return data[stored === 1 ? pixel : pixel * stored + (i % channels)]!
    })
    return { width, height, channels, data: values }
  }
  const source = ({ image, mask }: RecordedMap['in']): Pixels => {
    const picture = read(image, tensors.tensor(image).shape[2] === 4 ? 4 : 3)
    if (mask === undefined) return picture
    const alpha = tensors.tensor(mask).data
    const { width, height, data } = picture
    const joined = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 ? alpha[i >> 2]! : data[3 * (i >> 2) + (i % 4)]!,
    )
    return { width, height, channels: 4, data: joined }
  }
  const make = (row: RecordedMap): Pixels => showMap(makeMap(row, source(row.in)))
  return {
    cases: readCases<RecordedMap>(here(`${name}.jsonl`)),
    /** Largest difference of a byte, and the share of bytes that differ; Infinity where the size does. */
    compare(row: RecordedMap): { readonly largest: number; readonly share: number } {
      const made = make(row)
      const expected = read(row.out.image, made.channels)
      if (made.width !== expected.width || made.height !== expected.height)
        return { largest: Infinity, share: Infinity }
      let [largest, different] = [0, 0]
      for (const [i, value] of expected.data.entries()) {
        const difference = Math.abs(value - made.data[i]!)
        largest = Math.max(largest, difference)
        if (difference > 0) different += 1
      }
      return { largest, share: different / expected.data.length }
    },
  }
}

function makeMap({ fn, args }: RecordedMap, picture: Pixels): Pixels {
  const setting = (name: string) => Number(args[name])
  if (fn === 'shuffle') return shufflePixels(picture, setting('numpy_seed'))
  if (fn === 'detectmap_proc') {
    const size = { width: setting('width'), height: setting('height') }
    return fitMap(picture, size, MODES[String(args['resize_mode'])]!) as Pixels
  }
  const found = findPreprocessor(String(args['module']))!
  const threshold = (name: string, unset: bigint | number) =>
    setting(name) < 0 ? Number(unset) : setting(name)
  return preprocess(found.name, picture, {
    resolution: setting('processor_res'),
    thresholdA: threshold('threshold_a', found.thresholdA.value),
    thresholdB: threshold('threshold_b', found.thresholdB.value),
    seed: 0,
  })
}
