import { toExact, type ExactValue, type PlainValue } from '@atelier/catalog/exact-json'
import { formatMessage, type Audience, type FrameImage, type RunFrame } from './frames.ts'
import type { RunMessage } from './run-messages.ts'

/** A frame that holds a message. */
export type MessageFrame = RunFrame & { kind: 'json' }

/** The frame of a message that the history has, too. */
export function toMessageFrame({ type, data }: RunMessage, audience: Audience): MessageFrame {
  return { kind: 'json', audience, text: formatMessage(type, data), isLossy: false, isKept: false }
}

/** The frame of a message of plain data; what watchers get may be lost. */
export function toPlainFrame(type: string, data: PlainValue, audience: Audience = 'owner'): MessageFrame {
  const text = formatMessage(type, toExact(data))
  return { kind: 'json', audience, text, isLossy: audience === 'watchers', isKept: false }
}

/** `executed`: what a node shows; null for a cached node that shows nothing. */
export function toExecutedFrame(promptId: string, nodeId: string, output: ExactValue): MessageFrame {
  const data = new Map<string, ExactValue>([
    ['node', nodeId],
    ['display_node', nodeId],
    ['output', output],
    ['prompt_id', promptId],
  ])
  const text = formatMessage('executed', data)
  return { kind: 'json', audience: 'owner', text, isLossy: false, isKept: true }
}

/** A picture for those who know metadata, or for those who do not; none where there is no picture. */
export function toImageFrames(
  image: FrameImage | undefined,
  receivers: 'flagged' | 'unflagged',
  isLossy: boolean,
): RunFrame[] {
  return image === undefined ? [] : [{ kind: 'image', audience: 'watchers', receivers, image, isLossy }]
}
