import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { openTestGateway } from '../test-kit/test-gateway.ts'

const checkpointOf = (name: string, embeddingWidth: number) =>
  ModelFile.fromPartial({
    ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: `${name}.safetensors`, family: 'sd1' },
    ...{ embeddingWidth, identity: name, sha256: name.repeat(64) },
  })

describe('the embeddings route', async () => {
  const gateway = await openTestGateway({
    models: [
      ...[checkpointOf('a', 768), checkpointOf('b', 64)],
      ModelFile.fromPartial({
        ...{ kind: ModelKind.MODEL_KIND_EMBEDDING, name: 'one.pt', identity: 'one' },
        ...{ embeddingWidth: 64, embeddingVectors: 1 },
      }),
    ],
  })
  afterAll(() => gateway.close())
  const listed = async () => {
    const body = (await (await gateway.request('GET', '/sdapi/v1/embeddings')).json()) as {
      loaded: object
      skipped: object
    }
    return [Object.keys(body.loaded), Object.keys(body.skipped)]
  }

  it('tells which fit the checkpoint that is selected', async () => {
    expect(await listed()).toEqual([[], ['one']])
    await gateway.request('POST', '/sdapi/v1/options', { sd_model_checkpoint: 'b.safetensors' })
    expect(await listed()).toEqual([['one'], []])
  })
})
