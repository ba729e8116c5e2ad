import { check } from 'k6'
import { Counter, Trend } from 'k6/metrics'
import { WebSocket } from 'k6/websockets'
import { COMFY, createGraph, pick, uniqueNumber } from './lib/requests.js'
import http from 'k6/http'

// Clients that follow their own prompts by websocket, as ComfyUI's scripts do: connect, submit, wait for the end.
const tillEnd = new Trend('submit_to_end', true)
const frames = new Counter('frames_heard')
const missed = new Counter('ends_missed')

export const options = {
  scenarios: {
    followers: {
      executor: 'per-vu-iterations',
      vus: Number(__ENV.FOLLOWERS || 50),
      iterations: Number(__ENV.PROMPTS || 10),
      maxDuration: '5m',
    },
  },
  thresholds: { checks: ['rate==1'], ends_missed: ['count==0'] },
}

export default function follow() {
  const number = uniqueNumber()
  const clientId = `follower-${number}`
  const gateway = pick(COMFY)
  const socket = new WebSocket(`${gateway.replace('http', 'ws')}/ws?clientId=${clientId}`)
  const limit = setTimeout(() => {
    missed.add(1)
    socket.close()
  }, 60_000)
  let submittedAt = 0
  socket.onopen = () => {
    submittedAt = Date.now()
    const body = JSON.stringify({ prompt: createGraph(number), client_id: clientId })
    const answer = http.post(`${gateway}/prompt`, body, { headers: { 'content-type': 'application/json' } })
    check(answer, { accepted: ({ status }) => status === 200 })
  }
  socket.onmessage = ({ data }) => {
    frames.add(1)
    const isEnd = typeof data === 'string' && /"type": ?"execution_(success|error|interrupted)"/.test(data)
    if (!isEnd) return
    tillEnd.add(Date.now() - submittedAt)
    clearTimeout(limit)
    socket.close()
  }
}
