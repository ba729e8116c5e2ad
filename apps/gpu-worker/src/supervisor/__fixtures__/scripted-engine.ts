import type { FromEngine, ToEngine } from '../../engine-protocol.ts'

// An engine of the supervisor's tests: dies or hangs when it is told to, in the name of a cancelled job.

const send = (message: FromEngine): void => void process.send?.(message)
process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToEngine) => {
  if (message.kind === 'ping') return send({ kind: 'pong' })
  if (message.kind !== 'cancel') return
  if (message.jobId === 'die') process.exit(3)
  if (message.jobId === 'hang') for (;;);
})
send({ kind: 'ready', device: 'cpu', title: String(process.pid), slots: 1 })
