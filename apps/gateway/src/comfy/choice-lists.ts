import type { FileIndex } from '@atelier/ledger'
import { FolderKind } from '@atelier/proto'
import type { ModelIndex } from '../models/model-index.ts'
import type { ChoiceLists } from './input-config.ts'
import { isPictureName } from './media-types.ts'
import { listModelFiles } from './model-folders.ts'

/** Reads, for one request, the lists of models and of the tenant's input pictures. */
export async function readChoiceLists(
  models: ModelIndex,
  files: FileIndex,
  tenant: string,
): Promise<ChoiceLists> {
  const inputs = await files.list(tenant, FolderKind.FOLDER_KIND_INPUT)
  const pictures = inputs.filter(({ subfolder, name }) => subfolder === '' && isPictureName(name))
  const pictureNames = pictures.map(({ name }) => name).sort()
  const known = new Map<string, readonly string[]>([['input-images', pictureNames]])
  return (source) => {
    let list = known.get(source)
    if (list === undefined) {
      list = listModelFiles(models, source).map(({ name }) => name)
      known.set(source, list)
    }
    return list
  }
}
