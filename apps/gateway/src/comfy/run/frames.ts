import { formatExactJson, toExact, type ExactValue } from '@atelier/catalog/exact-json'
import type { BlobRef } from '@atelier/proto'

/** Binary frame types of ComfyUI's websocket. */
const BINARY = { preview: 1, text: 3, previewWithMetadata: 4 } as const
/** Image formats of preview frames. */
const IMAGE_FORMATS: Readonly<Record<string, number>> = { 'image/jpeg': 1, 'image/png': 2 }

/**
 * Who gets a frame. The owner is the client that submitted the prompt; where it gave no id, the sockets without one.
 * Watchers are the owner, and everybody of the tenant where the prompt has no client.
 */
export type Audience = 'owner' | 'watchers'

/** One thing to send about a run. */
export type RunFrame =
  /** The length of the queue, to everybody: the channel knows it. */
  | { readonly kind: 'status' }
  | {
      readonly kind: 'json'
      readonly audience: Audience
      readonly text: string
      /** May be left out when the receiver is slow, or hears of another run. */
      readonly isLossy: boolean
      /** A client needs it to know how the run ended: it is kept for a while when the client is away. */
      readonly isKept: boolean
      /** The job whose end a kept frame tells. */
      readonly jobId?: string
    }
  | {
      readonly kind: 'image'
      readonly audience: Audience
      /** Clients that know preview metadata, or those that do not: they get it at different places in the order. */
      readonly receivers: 'flagged' | 'unflagged'
      readonly image: FrameImage
      readonly isLossy: boolean
    }
  | { readonly kind: 'text'; readonly audience: Audience; readonly nodeId: string; readonly text: string }

/** A picture to send: bytes at hand, or stored ones that are read when it is its turn. */
export interface FrameImage {
  readonly source: Uint8Array | BlobRef
  readonly mediaType: string
  readonly nodeId: string
  readonly promptId: string
}

/** A text frame: `type` comes first, as clients expect. */
export function formatMessage(type: string, data: ExactValue): string {
  return formatExactJson(
    new Map<string, ExactValue>([
      ['type', type],
      ['data', data],
    ]),
  )
}

/** The message about the queue; with the socket's id when it is the first one. */
export function formatStatus(queueRemaining: number, sid?: string): string {
  return formatMessage('status', toExact({ status: { exec_info: { queue_remaining: queueRemaining } }, sid }))
}

/** A preview for clients without metadata: type, format, picture. */
export function encodeImage(bytes: Uint8Array, mediaType: string): Uint8Array {
  return Buffer.concat([toUint32(BINARY.preview), toUint32(IMAGE_FORMATS[mediaType] ?? 2), bytes])
}

/** A preview with metadata: type, length of the JSON, JSON, picture. */
export function encodeImageWithMetadata(bytes: Uint8Array, image: FrameImage): Uint8Array {
  const { nodeId, promptId, mediaType } = image
  const metadata = {
    node_id: nodeId,
    prompt_id: promptId,
    display_node_id: nodeId,
    parent_node_id: null,
    real_node_id: nodeId,
    image_type: mediaType,
  }
  const json = Buffer.from(formatExactJson(toExact(metadata)))
  return Buffer.concat([toUint32(BINARY.previewWithMetadata), toUint32(json.length), json, bytes])
}

/** A text shown by a node while it runs. */
export function encodeNodeText(nodeId: string, text: string): Uint8Array {
  const id = Buffer.from(nodeId)
  return Buffer.concat([toUint32(BINARY.text), toUint32(id.length), id, Buffer.from(text)])
}

function toUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
