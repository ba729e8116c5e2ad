import { serveEngine } from '../engine/serve-engine.ts'
import { createFakeSession } from './fake-session.ts'
import { writePixelNote } from './pixel-note.ts'

// The engine of load and chaos tests: the real path from job to picture, with networks that answer zeros after a given
// time. Every picture of a generation job carries the job's public id in its first pixels.

await serveEngine({
  open: (graph, { fakeStepMs, fakeLoadMs }) => createFakeSession(graph, fakeStepMs, fakeLoadMs),
  finishPixels: (pixels, job) => writePixelNote(pixels, job.publicId),
})
