import { check, sleep } from 'k6'
import { Gauge } from 'k6/metrics'
import { readRemaining, submitGraph, uniqueNumber } from './lib/requests.js'

// Many graphs at once; then the queue is watched until it is empty.
const COUNT = Number(__ENV.COUNT || 200)
const drainSeconds = new Gauge('drain_seconds')

export const options = {
  scenarios: {
    burst: { executor: 'shared-iterations', vus: 8, iterations: COUNT, maxDuration: '5m' },
  },
  thresholds: { checks: ['rate==1'] },
  teardownTimeout: '10m',
}

export function setup() {
  return { startedAt: Date.now() }
}

export default function submit() {
  check(submitGraph(uniqueNumber()), { accepted: ({ status }) => status === 200 })
}

export function teardown({ startedAt }) {
  while (readRemaining() > 0) sleep(0.02)
  const seconds = (Date.now() - startedAt) / 1000
  drainSeconds.add(seconds)
  console.log(`${COUNT} graphs in ${seconds} s: ${Math.round(COUNT / seconds)} a second`)
}
