import { check } from 'k6'
import { makePicture, uniqueNumber } from './lib/requests.js'

// Many clients at once, each wanting one picture.
export const options = {
  scenarios: {
    burst: {
      executor: 'per-vu-iterations',
      vus: Number(__ENV.COUNT || 100),
      iterations: 1,
      maxDuration: '10m',
    },
  },
  thresholds: { checks: ['rate==1'] },
}

export default function draw() {
  check(makePicture(uniqueNumber()), { answered: ({ status }) => status === 200 })
}
