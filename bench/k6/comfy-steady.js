import { check } from 'k6'
import { submitGraph, uniqueNumber } from './lib/requests.js'

// Graphs arrive at a steady rate, whatever the server does.
export const options = {
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE || 100),
      timeUnit: '1s',
      duration: __ENV.DURATION || '30s',
      preAllocatedVUs: 50,
      maxVUs: 400,
    },
  },
  thresholds: {
    checks: ['rate==1'],
    // k6 could not keep the rate: the server was slower than its clients came.
    dropped_iterations: ['count==0'],
    'http_req_duration{name:POST /prompt}': [`p(99)<${__ENV.P99_MS || 50}`],
  },
}

export default function submit() {
  check(submitGraph(uniqueNumber()), { accepted: ({ status }) => status === 200 })
}
