import { check, sleep } from 'k6'
import http from 'k6/http'
import { COMFY, pick, readRemaining, submitGraph, uniqueNumber } from './lib/requests.js'

// Clients that submit and take back at once: half delete their prompt from the queue, some clear it, some interrupt.
const HEADERS = { headers: { 'content-type': 'application/json' } }

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
  check(submitted, { accepted: ({ status }) => status === 200 })
  const id = submitted.json('prompt_id')
  const answer =
    number % 8 === 0
      ? http.post(`${pick(COMFY)}/queue`, JSON.stringify({ clear: true }), HEADERS)
      : number % 2 === 0
        ? http.post(`${pick(COMFY)}/queue`, JSON.stringify({ delete: [id] }), HEADERS)
        : http.post(`${pick(COMFY)}/interrupt`, JSON.stringify({ prompt_id: id }), HEADERS)
  check(answer, { 'cancel answered': ({ status }) => status === 200 })
}

export function teardown() {
  for (let i = 0; i < 600 && readRemaining() > 0; i += 1) sleep(0.5)
  check(readRemaining(), { 'nothing is left behind': (remaining) => remaining === 0 })
}
