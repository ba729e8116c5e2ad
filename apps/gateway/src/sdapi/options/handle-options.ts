import type { Context } from 'hono'
import type { ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { jsonAnswer, pythonException } from '../errors.ts'
import { readBody } from '../request/read-body.ts'
import { requireObject } from '../request/validate.ts'
import { findCheckpoint, selectCheckpoint, toTitle } from '../resolve-checkpoint.ts'
import { changeOptions, optionText, readOptions } from './options-store.ts'

/** GET /sdapi/v1/options: every option, and the checkpoint that is used. */
export function handleReadOptions(deps: GatewayDeps) {
  return async function readAllOptions(c: Context<GatewayEnv>): Promise<Response> {
    const options = new Map(await readOptions(deps.store.documents, c.get('tenant')))
    const checkpoint = selectCheckpoint(deps.models, optionText(options, 'sd_model_checkpoint'))
    options.set('sd_model_checkpoint', checkpoint === undefined ? null : toTitle(checkpoint))
    options.set('sd_checkpoint_hash', checkpoint?.sha256 ?? '')
    return jsonAnswer(options)
  }
}

/** POST /sdapi/v1/options: changes the caller's options; an unknown checkpoint or key changes nothing. */
export function handleChangeOptions(deps: GatewayDeps) {
  return async function changeSomeOptions(c: Context<GatewayEnv>): Promise<Response> {
    const changes = requireObject(await readBody(c))
    const checkpoint: ExactValue = changes.get('sd_model_checkpoint') ?? null
    if (checkpoint !== null && findCheckpoint(deps.models, String(checkpoint)) === undefined) {
      throw pythonException('RuntimeError', `model '${String(checkpoint)}' not found`)
    }
    await changeOptions(deps.store.documents, c.get('tenant'), changes)
    return jsonAnswer(null)
  }
}
