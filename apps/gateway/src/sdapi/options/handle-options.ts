import type { Context } from 'hono'
import { toPythonRepr, type ExactValue } from '@atelier/catalog/exact-json'
import type { ModelFile } from '@atelier/proto'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import type { ModelIndex } from '../../models/model-index.ts'
import { jsonAnswer, pythonException } from '../errors.ts'
import { readBody } from '../request/read-body.ts'
import { requireObject } from '../request/validate.ts'
import { findCheckpoint, selectCheckpoint, toTitle } from '../generation/resolve-checkpoint.ts'
import { listOptions } from './list-options.ts'
import { changeOptions, optionText, readStoredOptions, type Options } from './options-store.ts'

/** GET /sdapi/v1/options: every option, and the checkpoint that is used. */
export function handleReadOptions(deps: GatewayDeps) {
  return async function readAllOptions(c: Context<GatewayEnv>): Promise<Response> {
    const stored = await readStoredOptions(deps.store.documents, c.get('tenant'))
    const listed = listOptions(stored)
    const checkpoint = currentCheckpoint(deps.models, stored)
    if (!stored.has('sd_model_checkpoint')) {
      listed.set('sd_model_checkpoint', checkpoint === undefined ? null : toTitle(checkpoint))
    }
    listed.set('sd_checkpoint_hash', checkpoint?.sha256 ?? '')
    return jsonAnswer(listed)
  }
}

/** POST /sdapi/v1/options: changes the caller's options; an unknown checkpoint or key changes nothing. */
export function handleChangeOptions(deps: GatewayDeps) {
  return async function changeSomeOptions(c: Context<GatewayEnv>): Promise<Response> {
    const { documents } = deps.store
    const tenant = c.get('tenant')
    const changes = new Map(requireObject(await readBody(c)))
    const wanted: ExactValue = changes.get('sd_model_checkpoint') ?? null
    if (wanted !== null) {
      const current = currentCheckpoint(deps.models, await readStoredOptions(documents, tenant))
      const chosen = chooseCheckpoint(deps.models, wanted)
      // A checkpoint that is in use already keeps the name it was asked by; a new one is shown by its title.
      if (chosen !== current) changes.set('sd_model_checkpoint', toTitle(chosen))
      changes.set('sd_checkpoint_hash', chosen.sha256)
    }
    await changeOptions(documents, tenant, changes)
    return jsonAnswer(null)
  }
}

function chooseCheckpoint(models: ModelIndex, wanted: ExactValue): ModelFile {
  const found = typeof wanted === 'string' ? findCheckpoint(models, wanted) : undefined
  if (found !== undefined) return found
  throw pythonException('RuntimeError', `model ${toPythonRepr(wanted)} not found`)
}

/** The checkpoint a tenant's jobs use: the one it chose, or after an emptied choice the one it had before. */
function currentCheckpoint(models: ModelIndex, stored: Options): ModelFile | undefined {
  const chosen = optionText(stored, 'sd_model_checkpoint')
  return selectCheckpoint(models, chosen === '' ? optionText(stored, 'sd_checkpoint_hash') : chosen)
}
