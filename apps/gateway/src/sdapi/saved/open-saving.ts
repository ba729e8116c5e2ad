import { join } from 'node:path'
import type { JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import { OPEN_TENANT } from '../../middleware/authenticate.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { selectStyles, type PromptStyle } from '../styles.ts'
import type { NameFacts } from './name-facts.ts'
import type { SaveSettings } from './save-pictures.ts'

/** What saving the pictures of a job needs. */
export interface Saving {
  /** Where pictures of a plan go. */
  settings(plan: GenerationPlan): SaveSettings
  /** What a picture's name can be made of: its plan, its index among the plan's images, and its file's among the job's. */
  toFacts(plan: GenerationPlan, index: number, file: number): NameFacts
}

/** The folder below which a tenant's pictures are saved. */
export function rootOf({ config }: Pick<GatewayDeps, 'config'>, tenant: string): string {
  return tenant === OPEN_TENANT ? config.ATELIER_DATA : join(config.ATELIER_DATA, 'tenants', tenant)
}

/** Prepares for saving the pictures of a job that has ended. */
export function openSaving(
  deps: Pick<GatewayDeps, 'config' | 'now'>,
  { record, styles }: { readonly record: JobRecord; readonly styles: readonly PromptStyle[] },
): Saving {
  const root = rootOf(deps, record.job?.tenant ?? OPEN_TENANT)
  const files = record.result?.files ?? []
  return {
    settings: ({ options, isImageToImage }) => ({ root, options, isImageToImage }),
    toFacts: (plan, index, file) => ({
      ...{ plan, index, now: deps.now(), startedAt: record.startedAtMs },
      styles: selectStyles(styles, plan.request.list('styles').map(String)),
      width: files[file]?.width ?? plan.width,
      height: files[file]?.height ?? plan.height,
    }),
  }
}
