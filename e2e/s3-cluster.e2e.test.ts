import { readdirSync } from 'node:fs'
import { hasNatsServer, hasTool, startNatsServer, type TestNatsServer } from '@atelier/ledger/test-kit'
import { startS3Server, type TestS3Server } from '@atelier/ledger/test-kit/s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getJson, makePicture, postJson, waitForModels } from './kit/calls.ts'
import { startCluster, type Cluster, type ClusterGateway } from './kit/cluster.ts'
import { isEndOf, openComfySocket } from './kit/comfy-socket.ts'
import { createGraph } from './kit/graph.ts'
import { readNote } from './kit/pixel-note.ts'

// Two gateways and two workers whose pictures and uploads lie in a bucket of a real S3 server.

const isPossible = hasNatsServer() && hasTool('versitygw')

describe.skipIf(!isPossible)('a cluster with its pictures in S3', () => {
  let nats: TestNatsServer
  let s3: TestS3Server
  let cluster: Cluster
  let a: ClusterGateway
  let b: ClusterGateway
  beforeAll(async () => {
    nats = await startNatsServer()
    s3 = await startS3Server()
    const { bucket, endpoint, accessKey, secretKey } = s3.settings
    cluster = await startCluster({
      ...{ gateways: 2, workers: 2, natsUrl: nats.url },
      environment: {
        ...{ ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '5' },
        ...{ ATELIER_S3_BUCKET: bucket, ATELIER_S3_ENDPOINT: endpoint ?? '' },
        ...{ ATELIER_S3_ACCESS_KEY: accessKey, ATELIER_S3_SECRET_KEY: secretKey },
      },
    })
    ;[a, b] = cluster.gateways as [ClusterGateway, ClusterGateway]
    for (const gateway of [a, b]) await waitForModels(gateway)
  }, 300_000)
  afterAll(async () => {
    await cluster.stop()
    await nats.dispose()
    await s3.dispose()
  }, 90_000)

  /** Kinds of what lies in the bucket: the first part of each key below the prefix. */
  const listKinds = () => readdirSync(`${s3.folder}/pictures/atelier`).sort()

  it('answers pictures of the WebUI that lie there', async () => {
    const body = { prompt: 'x', width: 64, height: 64, steps: 2, force_task_id: 'task(s3)' }
    const { status, json } = await postJson(`${a.webui}/sdapi/v1/txt2img`, body)
    const [image = ''] = (json as { images: string[] }).images
    expect([status, await readNote(Buffer.from(image, 'base64'))]).toEqual([200, 'task(s3)'])
    expect(listKinds()).toContain('results')
  })

  it('shows at one gateway what a graph made that came through the other', async () => {
    const socket = await openComfySocket(b.comfy, 'client-s3')
    const { json } = await postJson(`${a.comfy}/prompt`, { prompt: createGraph(1), client_id: 'client-s3' })
    const { prompt_id: id } = json as { prompt_id: string }
    await socket.until((frame) => isEndOf(frame, id))
    socket.close()
    const history = (await getJson(`${b.comfy}/history/${id}`)) as Record<string, HistoryEntry>
    const image = history[id]?.outputs['9']?.images[0]
    const view = await fetch(`${b.comfy}/view?${new URLSearchParams(image)}`)
    expect([view.status, view.headers.get('content-type')]).toEqual([200, 'image/png'])
  })

  it('keeps uploads there, for all gateways', async () => {
    const bytes = new Uint8Array(await makePicture(30, 20))
    const form = new FormData()
    form.set('image', new Blob([bytes], { type: 'image/png' }), 'kept.png')
    await fetch(`${a.comfy}/upload/image`, { method: 'POST', body: form })
    const view = await fetch(`${b.comfy}/view?filename=kept.png&type=input`)
    expect(Buffer.from(await view.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true)
    expect(listKinds()).toContain('inputs')
  })
})

interface HistoryEntry {
  readonly outputs: Record<string, { images: Record<string, string>[] }>
}
