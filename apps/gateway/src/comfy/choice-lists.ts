import { FolderKind } from '@atelier/proto'
import type { GatewayDeps } from '../deps.ts'
import type { ChoiceLists } from './input-config.ts'
import { isPictureName } from './media-types.ts'
import { listModelFiles } from './model-folders.ts'

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
      const names = listModelFiles(models, source).map(({ name }) => name)
      list = source === 'vae' ? [...names, NO_VAE] : names
      known.set(source, list)
    }
    return list
  }
}
