import { check, sleep } from 'k6'
import { Gauge } from 'k6/metrics'
import { readRemaining, submitGraph, uniqueNumber } from './lib/requests.js'

// Many graphs at once; then the queue is watched until it is empty.
const COUNT = Number(__ENV.COUNT || 200)
const drainSeconds = new Gauge('drain_seconds')
const jobsPerSecond = new Gauge('jobs_per_second')
/** How long the queue may take to become empty, seconds. */
const LIMIT_S = 300

export const options = {
  scenarios: {
    burst: { executor: 'shared-iterations', vus: 8, iterations: COUNT, maxDuration: '5m' },
  },
  thresholds: { checks: ['rate==1'], iterations: [`count==${COUNT}`] },
  teardownTimeout: '10m',
}

export function setup() {
  return { startedAt: Date.now() }
}

export default function submit() {
  check(submitGraph(uniqueNumber()), { accepted: ({ status }) => status === 200 })
}

export function teardown({ startedAt }) {
  while (readRemaining() !== 0 && Date.now() - startedAt < LIMIT_S * 1000) sleep(0.02)
  const seconds = (Date.now() - startedAt) / 1000
  check(readRemaining(), { 'all have ended': (remaining) => remaining === 0 })
  drainSeconds.add(seconds)
  jobsPerSecond.add(COUNT / seconds)
}
