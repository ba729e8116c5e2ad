import http from 'k6/http'

/** Addresses of the gateways, comma-separated in the environment; requests take turns. */
export const COMFY = (__ENV.COMFY || 'http://127.0.0.1:8188').split(',')
export const WEBUI = (__ENV.WEBUI || 'http://127.0.0.1:7860').split(',')

const HEADERS = { 'content-type': 'application/json' }

/** One of the addresses, in turns. */
export function pick(addresses) {
  return addresses[(__VU + __ITER) % addresses.length]
}

/** A graph of its own for each number, so that nothing is cached: the smallest one, or (GRAPH=sampling) a picture. */
export function createGraph(number) {
  return __ENV.GRAPH === 'sampling' ? createSamplingGraph(number) : createColourGraph(number)
}

/** No checkpoint, no sampling: one colour, shown. */
function createColourGraph(number) {
  return {
    1: {
      class_type: 'EmptyImage',
      inputs: { width: 64, height: 64, batch_size: 1, color: number % 16777216 },
    },
    2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
  }
}

/** Text to image with the demo checkpoint, small. */
function createSamplingGraph(number) {
  const sampling = { seed: number, steps: 4, cfg: 7, sampler_name: 'euler', scheduler: 'normal', denoise: 1 }
  const links = { model: ['4', 0], positive: ['6', 0], negative: ['7', 0], latent_image: ['5', 0] }
  return {
    3: { class_type: 'KSampler', inputs: Object.assign({}, sampling, links) },
    4: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'demo.safetensors' } },
    5: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    6: { class_type: 'CLIPTextEncode', inputs: { text: 'a cat', clip: ['4', 1] } },
    7: { class_type: 'CLIPTextEncode', inputs: { text: 'blurry', clip: ['4', 1] } },
    8: { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
    9: { class_type: 'PreviewImage', inputs: { images: ['8', 0] } },
  }
}

/** Submits a graph; gives k6's response. */
export function submitGraph(number, clientId) {
  const body = { prompt: createGraph(number), ...(clientId && { client_id: clientId }) }
  return http.post(`${pick(COMFY)}/prompt`, JSON.stringify(body), {
    headers: HEADERS,
    tags: { name: 'POST /prompt' },
  })
}

/** Submits a small picture and waits for it. */
export function makePicture(number, more = {}) {
  const body = { prompt: `picture ${number}`, width: 64, height: 64, steps: 4, seed: number, ...more }
  return http.post(`${pick(WEBUI)}/sdapi/v1/txt2img`, JSON.stringify(body), {
    headers: HEADERS,
    timeout: '120s',
    tags: { name: 'POST /sdapi/v1/txt2img' },
  })
}

/** A number no other iteration of this run has. */
export function uniqueNumber() {
  return __VU * 65536 + __ITER
}

/** How many jobs wait or run, as the queue of the first gateway shows it; undefined: it did not say. */
export function readRemaining() {
  const answer = http.get(`${COMFY[0]}/prompt`, { tags: { name: 'GET /prompt' } })
  return answer.status === 200 ? answer.json('exec_info.queue_remaining') : undefined
}
