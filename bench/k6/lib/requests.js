import http from 'k6/http'

/** Addresses of the gateways, comma-separated in the environment; requests take turns. */
export const COMFY = (__ENV.COMFY || 'http://127.0.0.1:8188').split(',')
export const WEBUI = (__ENV.WEBUI || 'http://127.0.0.1:7860').split(',')

const HEADERS = { 'content-type': 'application/json' }

/** One of the addresses, in turns. */
export function pick(addresses) {
  return addresses[(__VU + __ITER) % addresses.length]
}

/** The smallest graph that shows a picture: no checkpoint, no sampling; a colour of its own, so that nothing is cached. */
export function createGraph(number) {
  return {
    1: {
      class_type: 'EmptyImage',
      inputs: { width: 64, height: 64, batch_size: 1, color: number % 16777216 },
    },
    2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
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

/** How many jobs wait or run, as the queue shows it. */
export function readRemaining() {
  return http.get(`${COMFY[0]}/prompt`, { tags: { name: 'GET /prompt' } }).json('exec_info.queue_remaining')
}
