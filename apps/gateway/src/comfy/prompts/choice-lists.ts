import { listTinyVaeFiles, TINY_VAES } from '@atelier/catalog'
import { FolderKind } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import type { ChoiceLists } from './input-config.ts'
import { isPictureName } from '../files/media-types.ts'
import { listModelFiles } from '../info/model-folders.ts'

/** ComfyUI's name, among the autoencoders, for none at all (models that work on pixels). */
const NO_VAE = 'pixel_space'

/** Reads, for one request, the lists of models and, where they are wanted, of the tenant's input pictures. */
export async function readChoiceLists(
  { models, store }: Pick<GatewayDeps, 'models' | 'store'>,
  tenant: string,
  withInputs: boolean,
): Promise<ChoiceLists> {
  const inputs = withInputs ? await store.files.list(tenant, FolderKind.FOLDER_KIND_INPUT) : []
  const names = inputs.flatMap(({ subfolder, name }) => (subfolder === '' ? [name] : [])).sort()
  const known = new Map<string, readonly string[]>([
    ['input-images', names.filter(isPictureName)],
    ['input-files', names],
    ['input-latents', names.filter((name) => name.endsWith('.latent'))],
  ])
  return (source) => {
    let list = known.get(source)
    if (list === undefined) {
      const names = listNames(models, source)
      list = source === 'vae' ? [...names, ...listTinyVaes(models), NO_VAE] : names
      known.set(source, list)
    }
    return list
  }
}

function listNames(models: GatewayDeps['models'], folder: string): string[] {
  return listModelFiles(models, folder).map(({ name }) => name)
}

/** Tiny autoencoders of which both files are there. */
function listTinyVaes(models: GatewayDeps['models']): string[] {
  const there = new Set(listNames(models, 'vae_approx'))
  const has = (name: string, half: 'encoder' | 'decoder') =>
    listTinyVaeFiles(name, half).some((file) => there.has(file))
  return TINY_VAES.filter((name) => has(name, 'encoder') && has(name, 'decoder'))
}
