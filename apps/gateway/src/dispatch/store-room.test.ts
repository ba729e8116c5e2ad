import type { StoreUse } from '@atelier/ledger'
import { afterEach, describe, expect, it } from 'vitest'
import { StoreRoom } from './store-room.ts'

const use = (usedBytes: number): StoreUse => ({
  name: 'pictures',
  usedBytes,
  limitBytes: 100,
  fullAtBytes: 90,
})

describe('StoreRoom', () => {
  const rooms: StoreRoom[] = []
  afterEach(() => rooms.splice(0).forEach((room) => room.close()))
  const open = async (readUse: () => Promise<StoreUse[]>): Promise<StoreRoom> => {
    const room = new StoreRoom({ readUse, sweepBlobs: async () => 0 }, () => undefined)
    rooms.push(room)
    await room.look()
    return room
  }

  it('tells a shortage from the mark on, and its end', async () => {
    let used = 89
    const room = await open(async () => [use(used)])
    expect(room.findShortage()).toBeUndefined()
    used = 90
    await room.look()
    expect(room.findShortage()).toContain('pictures')
    expect(room.uses).toEqual([use(90)])
    used = 10
    await room.look()
    expect(room.findShortage()).toBeUndefined()
  })

  it('knows nothing while the ledger is away', async () => {
    let isAway = false
    const room = await open(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve([use(95)])))
    expect(room.findShortage()).toBeDefined()
    isAway = true
    await room.look()
    expect(room.findShortage()).toBeUndefined()
  })
})
