import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeLedger } from '../contract/ledger-contract.ts'
import { openEmbeddedLedger } from './index.ts'

describeLedger('embedded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
  const clock = { offset: 0 }
  const open = () =>
    openEmbeddedLedger({
      folder,
      now: () => Date.now() + clock.offset,
      elapsed: () => performance.now() + clock.offset,
    })
  const store = await open()
  return {
    store,
    openSecond: open,
    advanceClock: (milliseconds) => {
      clock.offset += milliseconds
    },
    async dispose() {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})
