import { check, sleep } from 'k6'
import http from 'k6/http'
import { COMFY, pick, readRemaining, submitGraph, uniqueNumber } from './lib/requests.js'

// Clients that submit and take back at once: half delete their prompt from the queue, some clear it, some interrupt.
const HEADERS = { 'content-type': 'application/json' }
/** How long what was not cancelled may take to end, seconds. */
const LIMIT_S = 300

export const options = {
  scenarios: {
    storm: { executor: 'constant-vus', vus: Number(__ENV.VUS || 16), duration: __ENV.DURATION || '30s' },
  },
  thresholds: { checks: ['rate==1'] },
  teardownTimeout: '10m',
}

export default function submitAndCancel() {
  const number = uniqueNumber()
  const submitted = submitGraph(number)
  if (!check(submitted, { accepted: ({ status }) => status === 200 })) return
  const id = submitted.json('prompt_id')
  const answer =
    number % 8 === 0
      ? post('/queue', { clear: true })
      : number % 2 === 0
        ? post('/queue', { delete: [id] })
        : post('/interrupt', { prompt_id: id })
  check(answer, { 'cancel answered': ({ status }) => status === 200 })
}

function post(path, body) {
  return http.post(`${pick(COMFY)}${path}`, JSON.stringify(body), {
    headers: HEADERS,
    tags: { name: `POST ${path}` },
  })
}

export function teardown() {
  for (let waited = 0; waited < LIMIT_S && readRemaining() !== 0; waited += 0.5) sleep(0.5)
  check(readRemaining(), { 'nothing is left behind': (remaining) => remaining === 0 })
}
