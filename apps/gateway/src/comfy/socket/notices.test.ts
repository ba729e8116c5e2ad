import { createLocalNoticeBoard } from '@atelier/ledger'
import { JobRecord } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { ComfyNotices, type ComfyNotice } from './notices.ts'
import { ShownEnds } from './shown-ends.ts'

const record = JobRecord.fromPartial({ job: { id: 'j', tenant: 'a' } })

/** Gateways that share a board and a ledger which knows one job. */
function createGateways(count: number) {
  const board = createLocalNoticeBoard()
  const jobs = {
    read: async (tenant: string, id: string) => (tenant === 'a' && id === 'j' ? record : undefined),
  }
  return Array.from({ length: count }, (_, i) => {
    const notices = new ComfyNotices({ board, jobs, origin: `g${i}` })
    const heard: ComfyNotice[] = []
    notices.subscribe((notice) => heard.push(notice))
    return { notices, heard, board }
  })
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('ComfyNotices', () => {
  it('tells the own listeners at once and once, and those of other gateways', async () => {
    const [one, other] = createGateways(2)
    const notice: ComfyNotice = { kind: 'queue-cleared', tenant: 'a', jobIds: ['j'] }
    one!.notices.tell(notice)
    expect(one!.heard).toEqual([notice])
    await settle()
    expect([one!.heard, other!.heard]).toEqual([[notice], [notice]])
  })

  it('sends a replay by its id; the other gateway reads the record itself', async () => {
    const [one, other] = createGateways(2)
    const posted: unknown[] = []
    one!.board.listen('comfy', (message) => posted.push(message))
    one!.notices.tell({ kind: 'replay', record })
    await settle()
    expect(posted).toEqual([{ origin: 'g0', posted: { kind: 'replay', tenant: 'a', jobId: 'j' } }])
    expect(other!.heard).toEqual([{ kind: 'replay', record }])
  })

  // A rejection that nobody listens to ends a process, and fails this run.
  it('outlives messages that it does not understand', async () => {
    const [one, other] = createGateways(2)
    other!.notices.subscribe((notice) => {
      if (notice.kind === 'queue-cleared') notice.jobIds.forEach(() => undefined)
    })
    for (const message of [null, 'text', { origin: 'newer', posted: { kind: 'queue-cleared' } }])
      one!.board.tell('comfy', message)
    await settle()
    const notice: ComfyNotice = { kind: 'queue-cleared', tenant: 'a', jobIds: [] }
    one!.notices.tell(notice)
    await settle()
    expect(other!.heard).toContainEqual(notice)
  })

  it('leaves a replay out whose record is gone, and messages that say nothing', async () => {
    const [one, other] = createGateways(2)
    one!.notices.tell({ kind: 'replay', record: JobRecord.fromPartial({ job: { id: 'gone', tenant: 'a' } }) })
    one!.board.tell('comfy', {})
    await settle()
    expect(other!.heard).toEqual([])
  })

  it('works alone, and hears nothing once closed', async () => {
    const alone = new ComfyNotices()
    const heard: ComfyNotice[] = []
    alone.subscribe((notice) => heard.push(notice))
    alone.tell({ kind: 'end-shown', tenant: 'a', clientId: 'c', jobId: 'j' })
    expect(heard).toHaveLength(1)
    const [one, other] = createGateways(2)
    other!.notices.close()
    one!.notices.tell({ kind: 'end-shown', tenant: 'a', clientId: 'c', jobId: 'j' })
    await settle()
    expect(other!.heard).toEqual([])
  })
})

describe('ShownEnds', () => {
  it('remembers for a minute', () => {
    let now = 0
    const shown = new ShownEnds(() => now)
    shown.add('a')
    now = 30_000
    shown.add('b')
    expect([shown.has('a'), shown.has('b'), shown.has('c')]).toEqual([true, true, false])
    now = 70_000
    shown.add('c')
    expect([shown.has('a'), shown.has('b'), shown.has('c')]).toEqual([false, true, true])
  })
})
