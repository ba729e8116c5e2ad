import { check } from 'k6'
import http from 'k6/http'
import { Gauge } from 'k6/metrics'
import { COMFY, makePicture, pick, submitGraph, uniqueNumber, WEBUI } from './lib/requests.js'

// Both surfaces at a modest rate for long; the gateways' memory is read at the middle and at the end.
const memory = new Gauge('gateway_resident_bytes')

export const options = {
  scenarios: {
    graphs: {
      executor: 'constant-arrival-rate',
      exec: 'graph',
      rate: Number(__ENV.RATE || 10),
      timeUnit: '1s',
      duration: __ENV.DURATION || '30m',
      preAllocatedVUs: 20,
      maxVUs: 200,
    },
    pictures: { executor: 'constant-vus', exec: 'picture', vus: 4, duration: __ENV.DURATION || '30m' },
    pollers: { executor: 'constant-vus', exec: 'poll', vus: 2, duration: __ENV.DURATION || '30m' },
  },
  thresholds: { checks: ['rate==1'] },
}

export function graph() {
  check(submitGraph(uniqueNumber()), { accepted: ({ status }) => status === 200 })
}

export function picture() {
  check(makePicture(uniqueNumber()), { answered: ({ status }) => status === 200 })
}

export function poll() {
  check(http.get(`${pick(WEBUI)}/sdapi/v1/progress`, { tags: { name: 'GET progress' } }), {
    'progress told': ({ status }) => status === 200,
  })
  http.get(`${pick(COMFY)}/history?max_items=4`, { tags: { name: 'GET /history' } })
  for (const address of (__ENV.OPERATIONS || '').split(',').filter(Boolean)) {
    const text = http.get(`${address}/metrics`, { tags: { name: 'GET /metrics' } }).body
    const found = /process_resident_memory_bytes\{[^}]*\} (\S+)/.exec(text)
    if (found !== null) memory.add(Number(found[1]))
  }
}
