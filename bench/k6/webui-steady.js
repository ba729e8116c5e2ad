import { check } from 'k6'
import { makePicture, uniqueNumber } from './lib/requests.js'

// Clients of the WebUI API that each wait for their picture and ask for the next.
export const options = {
  scenarios: {
    steady: { executor: 'constant-vus', vus: Number(__ENV.VUS || 8), duration: __ENV.DURATION || '30s' },
  },
  thresholds: { checks: ['rate==1'] },
}

export default function draw() {
  const answer = makePicture(uniqueNumber())
  check(answer, {
    answered: ({ status }) => status === 200,
    'one picture': (response) => response.status === 200 && response.json('images').length === 1,
  })
}
