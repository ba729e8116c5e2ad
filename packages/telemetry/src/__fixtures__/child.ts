import { Counter, Histogram, Registry } from 'prom-client'
import { answerOperations } from '../child-operations.ts'

// A program with one counter and one histogram, ready or not as its arguments say.
const [, , program = '', count = '0', reason = ''] = process.argv
const registry = new Registry()
registry.setDefaultLabels({ program })
new Counter({ name: 'jobs_total', help: 'Jobs', registers: [registry] }).inc(Number(count))
new Histogram({ name: 'seconds', help: 'Time', buckets: [1, 2], registers: [registry] }).observe(1.5)
answerOperations({
  registry,
  readReadiness: async () => (reason === '' ? { ready: true } : { ready: false, reason }),
})
process.send?.('up')
