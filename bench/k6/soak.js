import { check, sleep } from 'k6'
import http from 'k6/http'
import { Gauge, Trend } from 'k6/metrics'
import { COMFY, makePicture, pick, submitGraph, uniqueNumber, WEBUI } from './lib/requests.js'

// Both surfaces at a modest rate for long. Each gateway's memory is read throughout; what it grew from the middle of the
// run, when everything has been used, to the end is what leaks.
const DURATION = __ENV.DURATION || '30m'
const memory = new Gauge('gateway_resident_bytes')
const growth = new Trend('gateway_growth_megabytes')
/** What a gateway may grow in the second half, megabytes. */
const GROWTH_LIMIT_MB = 100
const startedAt = Date.now()
const middleMs = toMilliseconds(DURATION) / 2
const atMiddle = {}

export const options = {
  scenarios: {
    graphs: {
      executor: 'constant-arrival-rate',
      exec: 'graph',
      rate: Number(__ENV.RATE || 10),
      timeUnit: '1s',
      duration: DURATION,
      preAllocatedVUs: 20,
      maxVUs: 200,
    },
    pictures: {
      executor: 'constant-vus',
      exec: 'picture',
      vus: Number(__ENV.VUS || 4),
      duration: DURATION,
    },
    pollers: { executor: 'constant-vus', exec: 'poll', vus: 2, duration: DURATION },
  },
  thresholds: {
    checks: ['rate==1'],
    dropped_iterations: ['count==0'],
    gateway_growth_megabytes: [`max<${GROWTH_LIMIT_MB}`],
  },
}

/** "1h30m10s" in milliseconds. */
function toMilliseconds(text) {
  const units = { h: 3_600_000, m: 60_000, s: 1_000 }
  return [...text.matchAll(/(\d+)([hms])/g)].reduce((sum, [, count, unit]) => sum + count * units[unit], 0)
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
  check(http.get(`${pick(COMFY)}/history?max_items=4`, { tags: { name: 'GET /history' } }), {
    'history told': ({ status }) => status === 200,
  })
  for (const address of (__ENV.OPERATIONS || '').split(',').filter(Boolean)) readMemory(address)
  sleep(0.2)
}

function readMemory(address) {
  const text = http.get(`${address}/metrics`, { tags: { name: 'GET /metrics' } }).body
  const found = /process_resident_memory_bytes\{[^}]*\} (\S+)/.exec(text)
  if (found === null) return
  const bytes = Number(found[1])
  memory.add(bytes)
  if (Date.now() - startedAt < middleMs) return
  atMiddle[address] = atMiddle[address] || bytes
  growth.add((bytes - atMiddle[address]) / 1e6)
}
