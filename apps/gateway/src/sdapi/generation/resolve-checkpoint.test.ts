import { ModelFile, ModelKind, WorkerDescription } from '@atelier/proto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DirectoryModelIndex } from '../../models/directory-model-index.ts'
import {
  findCheckpoint,
  listCheckpoints,
  searchCheckpoint,
  selectCheckpoint,
  toModelName,
  toShortTitle,
  toTitle,
} from './resolve-checkpoint.ts'
import { findVae, toVaeName } from './resolve-vae.ts'

const HASH = 'abcdef0123456789'.repeat(4)
const checkpoint = (name: string, more: Partial<ModelFile> = {}) =>
  ModelFile.fromPartial({ kind: ModelKind.MODEL_KIND_CHECKPOINT, name, identity: name, ...more })
const vae = (name: string) => checkpoint(name, { kind: ModelKind.MODEL_KIND_VAE })

function indexOf(...files: readonly ModelFile[]): DirectoryModelIndex {
  const models = new DirectoryModelIndex()
  models.replace([WorkerDescription.fromPartial({ id: 'w', models: [...files] })])
  return models
}

describe('a checkpoint', () => {
  it('is named as A1111 names it, before and after it was hashed', () => {
    const file = checkpoint('sd/v1-5.pruned.safetensors')
    expect([toTitle(file), toModelName(file), toShortTitle(file)]).toEqual([
      'sd/v1-5.pruned.safetensors',
      'sd_v1-5.pruned',
      'v1-5.pruned',
    ])
    const hashed = { ...file, sha256: HASH }
    expect([toTitle(hashed), toShortTitle(hashed)]).toEqual([
      'sd/v1-5.pruned.safetensors [abcdef0123]',
      'v1-5.pruned [abcdef0123]',
    ])
  })

  it.each([
    'sub/Model.safetensors',
    'sub_Model',
    'Model',
    'sub/Model.safetensors [abcdef0123]',
    'Model [abcdef0123]',
    'abcdef0123',
    HASH,
  ])('is found by its alias %s, and not by a part of it', (alias) => {
    const models = indexOf(checkpoint('sub/Model.safetensors', { sha256: HASH }), checkpoint('z.safetensors'))
    expect(findCheckpoint(models, alias)?.name).toBe('sub/Model.safetensors')
    expect(findCheckpoint(models, alias.slice(0, -1))).toBeUndefined()
    expect(findCheckpoint(models, alias.toUpperCase())).toBeUndefined()
  })

  it('is not listed where it cannot be used, nor where it is something else', () => {
    const models = indexOf(
      checkpoint('broken.safetensors', { unusableReason: 'it is broken' }),
      vae('a.safetensors'),
      checkpoint('b.safetensors'),
      checkpoint('folder', { kind: ModelKind.MODEL_KIND_DIFFUSERS_FOLDER }),
    )
    expect(listCheckpoints(models).map(({ name }) => name)).toEqual(['b.safetensors', 'folder'])
  })

  it('stands in folders in natural order, the outermost first', () => {
    const names = ['b/x.ckpt', 'z10.ckpt', 'Z9.ckpt', 'a10/x.ckpt', 'a9/x.ckpt', 'y.ckpt']
    expect(
      listCheckpoints(indexOf(...names.map((name) => checkpoint(name)))).map(({ name }) => name),
    ).toEqual([...['y.ckpt', 'Z9.ckpt', 'z10.ckpt', 'a9/x.ckpt', 'a10/x.ckpt', 'b/x.ckpt']])
  })
})

// A1111's get_closet_checkpoint_match: an alias, else the shortest title that contains the text, else the same without a
// checksum, which is the last pair of brackets alone: re.compile(r"\s*\[[^]]+]\s*$").
describe('searchCheckpoint', () => {
  const models = indexOf(
    ...[
      'anime2.safetensors',
      'anime [pruned] v2.safetensors',
      'photo.safetensors',
      'photo-long.safetensors',
    ].map((name) => checkpoint(name, { sha256: HASH })),
  )

  it.each([
    ['photo', 'photo.safetensors'],
    ['hoto', 'photo.safetensors'],
    ['photo-', 'photo-long.safetensors'],
    ['photo [0123456789]', 'photo.safetensors'],
    ['photo.safetensors  [0123456789] ', 'photo.safetensors'],
    ['photo-long.safetensors [0123456789]', 'photo-long.safetensors'],
    // Brackets of the name itself stay.
    ['anime [pruned] v2.safetensors [0123456789]', 'anime [pruned] v2.safetensors'],
    ['anime [pruned]', 'anime [pruned] v2.safetensors'],
    ['[pruned]', 'anime [pruned] v2.safetensors'],
    ['nothing like it', undefined],
    ['photo []', undefined],
    ['', undefined],
  ])('finds for %j %j', (text, name) => {
    expect(searchCheckpoint(models, text)?.name).toBe(name)
  })

  it('finds every checkpoint by its own title, with its own hash or an older one', () => {
    const piece = fc.constantFrom('a', 'b', ' ', '.', '-', '[x]', '(y)')
    const word = fc.array(piece, { minLength: 1, maxLength: 6 }).map((all) => `${all.join('')}.safetensors`)
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 4 }), (names) => {
        const all = indexOf(...names.map((name) => checkpoint(name, { sha256: HASH })))
        for (const name of names) {
          expect(searchCheckpoint(all, name)?.name).toBe(name)
          expect(searchCheckpoint(all, `${name} [fedcba9876]`)?.name).toSatisfy((found: string) =>
            found.includes(name),
          )
        }
      }),
    )
  })
})

describe('selectCheckpoint', () => {
  const demo = checkpoint('demo.safetensors')

  it('takes the selected one, else the first of the operator’s own, the bundled one only when it is alone', () => {
    const models = indexOf(demo, checkpoint('x.safetensors'), checkpoint('y.safetensors'))
    expect(selectCheckpoint(models, 'y')?.name).toBe('y.safetensors')
    expect(selectCheckpoint(models, 'demo')?.name).toBe('demo.safetensors')
    expect(selectCheckpoint(models, 'gone')?.name).toBe('x.safetensors')
    expect(selectCheckpoint(indexOf(demo), 'gone')?.name).toBe('demo.safetensors')
    expect(selectCheckpoint(indexOf(), '')).toBeUndefined()
  })
})

describe('findVae', () => {
  const models = indexOf(vae('kl-f8.pt'), vae('sub/model.vae.pt'), vae('model-2.safetensors'))
  const model = checkpoint('a/model.safetensors')
  const choose = (sd_vae: string, overrides = true) =>
    new Map<string, string | boolean>([
      ['sd_vae', sd_vae],
      ['sd_vae_overrides_per_model_preferences', overrides],
    ])

  // resolve_vae of A1111 1.10.1.
  it('takes the one named like the checkpoint before the chosen one where that is not to override it', () => {
    const [own, other] = [checkpoint('kl-f8.ckpt'), checkpoint('other.ckpt')]
    expect(findVae(models, choose('model-2.safetensors', false), own)?.name).toBe('kl-f8.pt')
    expect(findVae(models, choose('None', false), own)?.name).toBe('kl-f8.pt')
    expect(findVae(models, choose('model-2.safetensors', false), other)?.name).toBe('model-2.safetensors')
    expect(findVae(models, choose('None', false), other)).toBeUndefined()
  })

  it.each([
    ['None', undefined],
    ['', undefined],
    ['kl-f8.pt', 'kl-f8.pt'],
    ['model.vae.pt', 'sub/model.vae.pt'],
    ['gone.pt', undefined],
  ])('means by the option %j %j', (option, name) => {
    expect(findVae(models, choose(option), model)?.name).toBe(name)
  })

  it('finds by itself one that is named like the checkpoint', () => {
    expect(findVae(models, choose('Automatic'), model)).toSatisfy((file: ModelFile) =>
      toVaeName(file).startsWith('model'),
    )
    expect(findVae(models, choose('auto'), model)).toBeDefined()
    expect(findVae(models, choose('Automatic'), checkpoint('other.ckpt'))).toBeUndefined()
  })
})
