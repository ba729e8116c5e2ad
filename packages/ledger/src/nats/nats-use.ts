import { toStoreUse, type StoreUse } from '../store-use.ts'
import type { NatsLink } from './link.ts'

/**
 * How full the broker is: the store of results where ATELIER_NATS_MAX_RESULTS_GB bounds it, and the account where the
 * broker's configuration bounds that. What the broker's disks hold it does not tell; there a full disk is met when it
 * is full.
 */
export function readNatsUse(link: NatsLink): Promise<StoreUse[]> {
  return link.use('read how full the broker is', async ({ jsm }) => {
    const [results, account] = await Promise.all([
      jsm.streams.info(`OBJ_${link.names.results}`),
      jsm.getAccountInfo(),
    ])
    const { config, state } = results
    const limits = [
      { name: 'the store of results', used: state.bytes, limit: config.max_bytes },
      { name: "the broker's account", used: account.storage, limit: account.limits?.max_storage ?? -1 },
      ...Object.entries(account.tiers ?? {}).map(([tier, use]) => ({
        name: `the broker's account (${tier})`,
        used: use?.storage ?? 0,
        limit: use?.limits.max_storage ?? -1,
      })),
    ]
    // -1 and 0 mean no limit.
    return limits.flatMap(({ name, used, limit }) => (limit > 0 ? [toStoreUse(name, used, limit)] : []))
  })
}
