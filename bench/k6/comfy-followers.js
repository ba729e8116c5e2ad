import { check } from 'k6'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import { WebSocket } from 'k6/websockets'
import { COMFY, createGraph, pick, uniqueNumber } from './lib/requests.js'

// Clients that follow their own prompts by websocket, as ComfyUI's scripts do: connect, submit, wait for the end.
const FOLLOWERS = Number(__ENV.FOLLOWERS || 50)
const PROMPTS = Number(__ENV.PROMPTS || 10)
/** How long a prompt may take, milliseconds. */
const LIMIT_MS = 60_000
const tillEnd = new Trend('submit_to_end', true)
const frames = new Counter('frames_heard')
const ends = new Counter('ends_heard')
const missed = new Counter('ends_missed')

export const options = {
  scenarios: {
    followers: {
      executor: 'per-vu-iterations',
      vus: FOLLOWERS,
      iterations: PROMPTS,
      maxDuration: '5m',
    },
  },
  thresholds: {
    checks: ['rate==1'],
    ends_heard: [`count==${FOLLOWERS * PROMPTS}`],
    ends_missed: ['count==0'],
  },
}

export default function follow() {
  const number = uniqueNumber()
  const clientId = `follower-${number}-${Date.now()}`
  const gateway = pick(COMFY)
  const socket = new WebSocket(`${gateway.replace('http', 'ws')}/ws?clientId=${clientId}`)
  const limit = setTimeout(() => {
    missed.add(1)
    socket.close()
  }, LIMIT_MS)
  const prompt = { id: '', submittedAt: 0 }
  socket.onopen = () => {
    prompt.submittedAt = Date.now()
    const body = JSON.stringify({ prompt: createGraph(number), client_id: clientId })
    const answer = http.post(`${gateway}/prompt`, body, {
      headers: { 'content-type': 'application/json' },
      tags: { name: 'POST /prompt' },
    })
    if (check(answer, { accepted: ({ status }) => status === 200 })) prompt.id = answer.json('prompt_id')
  }
  socket.onmessage = ({ data }) => {
    frames.add(1)
    if (typeof data !== 'string') return
    const { type, data: told } = JSON.parse(data)
    if (!/^execution_(success|error|interrupted)$/.test(type) || told.prompt_id !== prompt.id) return
    check(type, { 'it succeeded': (end) => end === 'execution_success' })
    ends.add(1)
    tillEnd.add(Date.now() - prompt.submittedAt)
    clearTimeout(limit)
    socket.close()
  }
}
