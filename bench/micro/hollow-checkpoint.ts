import { closeSync, ftruncateSync, mkdtempSync, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  listClipShapes,
  listOpenClipShapes,
  listUnetShapes,
  listVaeShapes,
  SD15,
  SDXL,
  type Shapes,
} from './checkpoint-shapes.ts'
import { writeRandomHeader } from './random-checkpoint.ts'

const TEXT = 'cond_stage_model.transformer.text_model.'
const TEXTS = {
  small: 'conditioner.embedders.0.transformer.text_model.',
  large: 'conditioner.embedders.1.model.',
}

const rename = (shapes: Shapes, from: string, to: string): Shapes =>
  new Map([...shapes].map(([name, shape]) => [to + name.slice(from.length), shape]))
const SHAPES: Readonly<Record<'sd15' | 'sdxl', () => Shapes>> = {
  sd15: () => new Map([...listUnetShapes(SD15), ...listClipShapes(), ...listVaeShapes()]),
  sdxl: () =>
    new Map([
      ...listUnetShapes(SDXL),
      ...rename(listClipShapes(), TEXT, TEXTS.small),
      ...listOpenClipShapes(TEXTS.large, { width: 1280, layers: 32 }),
      ...listVaeShapes(),
    ]),
}

/** A full-size checkpoint's header before as many bytes of nothing as its weights would take; a sparse file. */
export function writeHollowCheckpoint(name: 'sd15' | 'sdxl'): string {
  const path = join(mkdtempSync(join(tmpdir(), 'hollow-')), 'model.safetensors')
  const descriptor = openSync(path, 'w')
  const { header, byteLength } = writeRandomHeader(SHAPES[name]())
  writeSync(descriptor, header)
  ftruncateSync(descriptor, header.length + byteLength)
  closeSync(descriptor)
  return path
}
