import { check } from 'k6'
import { makePicture, uniqueNumber } from './lib/requests.js'

// Many clients at once, each wanting one picture.
const COUNT = Number(__ENV.COUNT || 100)

export const options = {
  scenarios: {
    burst: { executor: 'per-vu-iterations', vus: COUNT, iterations: 1, maxDuration: '10m' },
  },
  thresholds: { checks: ['rate==1'], iterations: [`count==${COUNT}`] },
}

export default function draw() {
  check(makePicture(uniqueNumber()), { answered: ({ status }) => status === 200 })
}
