import sharp from 'sharp'
import type { ClusterGateway } from './cluster.ts'

/** POSTs JSON and returns the status and the parsed answer. */
export async function postJson(url: string, body: unknown): Promise<{ status: number; json: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  return { status: response.status, json: (await response.json()) as unknown }
}

/** GETs JSON. */
export async function getJson(url: string): Promise<unknown> {
  return (await fetch(url)).json()
}

/** Resolves when a gateway knows a checkpoint. */
export async function waitForModels({ webui }: Pick<ClusterGateway, 'webui'>): Promise<void> {
  while (((await getJson(`${webui}/sdapi/v1/sd-models`)) as unknown[]).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
}

/** Width, height and the deviation of the colours: a picture of one colour is no picture. */
export async function describePicture(
  bytes: Uint8Array,
): Promise<{ width: number; height: number; deviation: number }> {
  const image = sharp(bytes)
  const { width, height } = await image.metadata()
  const { channels } = await image.stats()
  return { width, height, deviation: Math.max(...channels.map((channel) => channel.stdev)) }
}

/** A one-colour PNG, base64, as clients send pictures. */
export async function makePicture(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: { r: 200, g: 60, b: 60 } } })
    .png()
    .toBuffer()
}
