import type { DocumentStore } from '@atelier/ledger'
import type { PromptStyle } from './styles.ts'

/** Where a tenant's styles are kept. */
const DOCUMENT_KEY = 'sdapi/styles'

/** A tenant's styles, in their order. */
export async function readStyles(documents: DocumentStore, tenant: string): Promise<readonly PromptStyle[]> {
  const document = await documents.read(tenant, DOCUMENT_KEY)
  return Array.isArray(document?.value) ? (document.value as PromptStyle[]) : []
}
