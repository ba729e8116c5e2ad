import type { LedgerStore } from './ledger-store.ts'

/** How long the ledger may take to answer by default, milliseconds. */
const ANSWER_MS = 2_000
/** A document that is looked for and never there. */
const PROBE = { tenant: 'readiness', key: 'probe' }

/**
 * Why the ledger cannot be used now, in a sentence; undefined when it answers. Never rejects: it tells readiness, for
 * without the ledger a program can neither take nor give jobs.
 */
export async function probeLedger(
  store: Pick<LedgerStore, 'documents' | 'findOutage'>,
  answerMs = ANSWER_MS,
): Promise<string | undefined> {
  const outage = store.findOutage()
  if (outage !== undefined) return outage
  let limit: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    limit = setTimeout(() => resolve(`the ledger did not answer within ${answerMs} ms`), answerMs)
  })
  const answer = store.documents.read(PROBE.tenant, PROBE.key).then(
    () => undefined,
    (error: unknown) =>
      `the ledger cannot be read: ${error instanceof Error ? error.message : String(error)}`,
  )
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(limit)
  }
}
