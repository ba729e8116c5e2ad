import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findNodeDefinition, NODE_DEFINITIONS, SAMPLER_NAMES, SCHEDULER_NAMES } from './index.ts'

/** Files of this folder that hold no node. */
const OTHERS = new Set(['index.ts', 'node-definition.ts', 'option-lists.ts'])

function toKebab(className: string): string {
  return className
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
}

describe('node definitions', () => {
  it('stand in one file each, named like the class, or in a file of a family, and all are listed', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter(
      (name) => !name.endsWith('.test.ts') && !name.endsWith('-nodes.ts') && !OTHERS.has(name),
    )
    const own = NODE_DEFINITIONS.map(({ className }) => `${toKebab(className)}.ts`)
    expect(own.filter((name) => files.includes(name)).sort()).toEqual(files.sort())
    expect(new Set(own).size).toBe(own.length)
  })

  it('are found by their exact class name', () => {
    expect(findNodeDefinition('KSampler')?.category).toBe('sampling')
    expect(findNodeDefinition('ksampler')).toBeUndefined()
    expect(findNodeDefinition('constructor')).toBeUndefined()
  })

  it.each(NODE_DEFINITIONS)('$className has defaults within its limits', ({ inputs }) => {
    for (const { type, options = {} } of Object.values({ ...inputs.required, ...inputs.optional })) {
      const { default: preset, min, max } = options
      if (typeof preset !== 'number') continue
      expect(['INT', 'FLOAT']).toContain(type)
      expect(preset >= ((min as number) ?? preset) && preset <= ((max as number) ?? preset)).toBe(true)
      if (type === 'INT') expect(Number.isInteger(preset)).toBe(true)
    }
  })

  it.each(NODE_DEFINITIONS)('$className has as many tooltips as outputs, or none', (definition) => {
    const { outputTooltips, outputs } = definition
    // LoraLoaderModelOnly inherits those of a class with two outputs.
    const count = definition.className === 'LoraLoaderModelOnly' ? 2 : outputs.length
    expect(outputTooltips?.length ?? count).toBe(count)
  })

  it.each(NODE_DEFINITIONS)('$className checks only inputs it has', ({ checks = {}, inputs }) => {
    for (const name of Object.keys(checks)) expect(inputs.required).toHaveProperty(name)
  })

  it('include the loaders that ComfyUI’s front end takes to be there', () => {
    const names = [
      ...['CheckpointLoaderSimple', 'ImageOnlyCheckpointLoader', 'LoraLoader', 'LoraLoaderModelOnly'],
      ...['VAELoader', 'ControlNetLoader', 'UNETLoader', 'UpscaleModelLoader', 'StyleModelLoader'],
      'GLIGENLoader',
    ]
    expect(names.filter((name) => findNodeDefinition(name) === undefined)).toEqual([])
  })

  it('name every sampler and scheduler of ComfyUI 0.3.64 once', () => {
    expect([SAMPLER_NAMES.length, new Set(SAMPLER_NAMES).size]).toEqual([42, 42])
    expect([SCHEDULER_NAMES.length, new Set(SCHEDULER_NAMES).size]).toEqual([9, 9])
  })
})
