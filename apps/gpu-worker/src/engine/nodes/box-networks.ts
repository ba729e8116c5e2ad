import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import type { NetworkInputs, PredictionNetwork } from '../denoise/guidance.ts'
import { toRows } from '../denoise/inside/patch-network.ts'
import { EngineError } from '../engine-error.ts'
import type { ModelStore } from '../models/model-store.ts'
import { BOX_INPUTS, BOX_PLACES, readGligen, showBoxes, type Gligen } from '../networks/patches/gligen.ts'
import type { BoxLink } from '../node-graph/node-context.ts'
import type { GuiderValue } from '../node-graph/sampling-values.ts'
import { giveToOthers } from './give-to-others.ts'

/**
 * Boxes of positive entries without an area go to entries of the other roles that have none, unless one of those has its
 * own (ComfyUI).
 */
export function shareBoxes(conditionings: GuiderValue['conditionings']): GuiderValue['conditionings'] {
  const shared = (conditionings['positive'] ?? []).flatMap(({ boxes, area }) =>
    boxes !== undefined && area === undefined ? [boxes] : [],
  )
  return giveToOthers(conditionings, 'boxes', shared)
}

/** A network that is shown boxes. */
export function showBoxesTo(
  network: PredictionNetwork,
  boxes: BoxLink,
  models: ModelStore,
): PredictionNetwork {
  const gligen = readGligen(readWeightFile(models.resolve(boxes.file).path))
  const patch = showBoxes(gligen)
  // The same at each step: only the number of rows and their size may change.
  const known = new Map<string, BoxControls>()
  const tell = ({ latent }: NetworkInputs): BoxControls => {
    const key = latent.shape.join()
    const told = known.get(key) ?? tellBoxes(boxes, gligen, latent)
    known.set(key, told)
    return told
  }
  return (inputs) =>
    network({
      ...inputs,
      patches: [...(inputs.patches ?? []), patch],
      control: { ...inputs.control, ...tell(inputs) },
    })
}

type BoxControls = NonNullable<NetworkInputs['control']>

/** What each row is told, for a latent of its size. */
function tellBoxes({ boxes }: BoxLink, { textWidth }: Gligen, latent: NetworkInputs['latent']): BoxControls {
  if (boxes.length > BOX_PLACES)
    throw new EngineError(
      'invalid-request',
      `a GLIGEN model takes ${BOX_PLACES} boxes, not ${boxes.length}`,
      {
        exceptionType: 'IndexError',
      },
    )
  const [rows, , height, width] = latent.shape as [number, number, number, number]
  const corners = new Array<number>(4 * BOX_PLACES).fill(0)
  const taken = new Array<number>(BOX_PLACES).fill(0)
  const texts = new Array<number>(textWidth * BOX_PLACES).fill(0)
  for (const [place, { text, top, left, ...size }] of boxes.entries()) {
    if (text.data.length !== textWidth)
      throw new EngineError(
        'invalid-request',
        `the GLIGEN model takes texts of width ${textWidth}, not ${text.data.length}`,
      )
    const [right, bottom] = [left + size.width, top + size.height]
    corners.splice(4 * place, 4, left / width, top / height, right / width, bottom / height)
    taken[place] = 1
    texts.splice(textWidth * place, textWidth, ...text.data)
  }
  const repeat = (values: readonly number[]) => toRows(Array.from({ length: rows }, () => values))
  return {
    [BOX_INPUTS.corners]: repeat(corners),
    [BOX_INPUTS.taken]: repeat(taken),
    [BOX_INPUTS.texts]: repeat(texts),
  }
}
