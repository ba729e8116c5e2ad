import { toExact } from '@atelier/catalog/exact-json'
import type { GatewayDeps } from '../../deps.ts'
import type { ModelIndex } from '../../models/model-index.ts'
import type { AddRoute } from '../add-route.ts'
import { splitPath } from '../files/folders.ts'
import { isModelFolder, kindOfFolder, listModelFiles, listModelFolders } from './model-folders.ts'
import { RequestFault } from '../request-fault.ts'
import { answerEmpty, answerJson, answerPlainJson, pathParameter } from '../respond.ts'

/** Folders the model library of the front end leaves out. */
const HIDDEN_FOLDERS = new Set(['configs', 'custom_nodes'])

/** The model files the workers can load. */
export function addModelRoutes(add: AddRoute, { models }: GatewayDeps): void {
  add('GET', '/models', () => answerPlainJson(listModelFolders().map(({ name }) => name)))
  add('GET', '/models/:folder', (c) => listNames(models, pathParameter(c, 'folder')))
  add('GET', '/embeddings', () => listEmbeddings(models))
  add('GET', '/view_metadata/:folder', (c) =>
    tellMetadata(models, pathParameter(c, 'folder'), c.req.query('filename') ?? ''),
  )
  add('GET', '/experiment/models', () => {
    const folders = listModelFolders().filter(({ name }) => !HIDDEN_FOLDERS.has(name))
    return answerPlainJson(folders.map(({ name, paths }) => ({ name, folders: paths })))
  })
  add('GET', '/experiment/models/:folder', (c) => describeFiles(models, pathParameter(c, 'folder')))
  add('GET', '/experiment/models/preview/:folder/:index/:file', (c) =>
    refusePreview(pathParameter(c, 'folder'), pathParameter(c, 'index')),
  )
}

function listNames(models: ModelIndex, folder: string): Response {
  if (!isModelFolder(folder)) return answerEmpty(404)
  return answerPlainJson(listModelFiles(models, folder).map(({ name }) => name))
}

/** Names of embeddings as prompts have them, without their endings. */
function listEmbeddings(models: ModelIndex): Response {
  const names = listModelFiles(models, 'embeddings').map(({ name }) => name.replace(/\.[^./]+$/, ''))
  return answerPlainJson(names.sort())
}

function tellMetadata(models: ModelIndex, folder: string, name: string): Response {
  const kind = kindOfFolder(folder)
  const file = kind === undefined || !name.endsWith('.safetensors') ? undefined : models.find(kind, name)
  const metadata = Object.entries(file?.metadata ?? {})
  return metadata.length === 0 ? answerEmpty(404) : answerJson(new Map(metadata))
}

function describeFiles(models: ModelIndex, folder: string): Response {
  if (!isModelFolder(folder)) return answerEmpty(404)
  const files = listModelFiles(models, folder).sort(byFolderThenName)
  const entries = files.map(({ name, modifiedAtMs, sizeBytes }) => {
    // Float seconds; the workers do not report when a file was created.
    const seconds = modifiedAtMs / 1000
    return toExact({ name, pathIndex: 0, modified: seconds, created: seconds, size: sizeBytes })
  })
  return answerJson(entries)
}

/**
 * Pictures beside model files stay on the workers' disks.
 * @throws RequestFault for a place that the folder does not have
 */
function refusePreview(name: string, index: string): Response {
  const folder = listModelFolders().find((one) => one.name === name)
  if (folder === undefined) return answerEmpty(404)
  if (!/^\d+$/.test(index) || Number(index) >= folder.paths.length)
    throw new RequestFault(`folder ${name} has no path ${index}`)
  return answerEmpty(404)
}

/** Files of a folder before those of the folders in it, as a walk through the folders finds them. */
function byFolderThenName(a: { name: string }, b: { name: string }): number {
  const [first, second] = [splitPath(a.name), splitPath(b.name)]
  if (first.subfolder !== second.subfolder) return first.subfolder < second.subfolder ? -1 : 1
  return first.name < second.name ? -1 : Number(first.name > second.name)
}
