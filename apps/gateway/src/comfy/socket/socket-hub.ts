import type { WebSocket } from 'ws'
import type { GatewayDeps } from '../../deps.ts'
import { ClientSocket } from './client-socket.ts'
import { toServerFeatures } from '../info/info-routes.ts'
import type { ComfyNotice } from './notices.ts'
import { ShownEnds } from './shown-ends.ts'
import { TenantChannel } from './tenant-channel.ts'

/** Pause between two pings, milliseconds: below the idle limits of common proxies. */
const PING_MS = 5_000
/** How long a channel outlives its last socket, milliseconds: what its clients miss meanwhile is kept. */
const LINGER_MS = 60_000

/** Who a socket belongs to, as the upgrade decided. */
export interface SocketOwner {
  readonly tenant: string
  /** The id the client asked for; empty: it asked for none. */
  readonly clientId: string
}

/** ComfyUI's websocket: progress and results of prompts. */
export interface ComfySocketHub {
  /** Serves a socket that has been let in. */
  handleConnection(socket: WebSocket, owner: SocketOwner): void
  /** Stops listening; sockets are closed by their server. */
  close(): void
}

/** Creates the hub of one gateway. */
export function createComfySocketHub(deps: GatewayDeps): ComfySocketHub {
  const channels = new TenantChannels(deps)
  const features = toServerFeatures(deps.config)
  const pinger = setInterval(() => channels.ping(), PING_MS)
  pinger.unref()
  const unsubscribe = deps.comfyNotices?.subscribe((notice) => channels.heed(notice))
  return {
    handleConnection(socket, { tenant, clientId }) {
      const sid = clientId === '' ? deps.createId().replaceAll('-', '') : clientId
      const client = new ClientSocket(socket, { sid, isNamed: clientId !== '', features })
      const channel = channels.open(tenant)
      const leave = () => channels.leave(tenant, channel, client)
      socket.on('close', leave)
      socket.on('error', (error) => {
        deps.logger.debug({ err: error }, 'a websocket broke')
        socket.terminate()
      })
      void channel.connect(client).then(() => {
        if (socket.readyState !== socket.OPEN) leave()
      })
    },
    close() {
      clearInterval(pinger)
      unsubscribe?.()
      channels.close()
    },
  }
}

/** The channels of the tenants that have sockets, or had them a moment ago. */
class TenantChannels {
  readonly #deps: GatewayDeps
  readonly #byTenant = new Map<string, TenantChannel>()
  readonly #shown: ShownEnds

  constructor(deps: GatewayDeps) {
    this.#deps = deps
    this.#shown = new ShownEnds(deps.now)
  }

  open(tenant: string): TenantChannel {
    const channel = this.#byTenant.get(tenant) ?? new TenantChannel(this.#deps, tenant, this.#shown)
    this.#byTenant.set(tenant, channel)
    return channel
  }

  /** A socket has closed; its channel follows when no other one comes in its place. */
  leave(tenant: string, channel: TenantChannel, client: ClientSocket): void {
    channel.disconnect(client)
    if (!channel.isEmpty) return
    setTimeout(() => {
      if (!channel.isEmpty || this.#byTenant.get(tenant) !== channel) return
      this.#byTenant.delete(tenant)
      channel.close()
    }, LINGER_MS).unref()
  }

  /** Does what a notice of this gateway, or of another one, calls for. */
  heed(notice: ComfyNotice): void {
    if (notice.kind === 'end-shown') this.#shown.add(notice.jobId)
    const tenant = notice.kind === 'replay' ? notice.record.job?.tenant : notice.tenant
    const channel = this.#byTenant.get(tenant ?? '')
    if (notice.kind === 'replay') channel?.replay(notice.record)
    else if (notice.kind === 'end-shown') channel?.dropMissed(notice.clientId, notice.jobId)
    else channel?.clear(notice.jobIds)
  }

  ping(): void {
    for (const channel of this.#byTenant.values()) channel.ping()
  }

  close(): void {
    for (const channel of this.#byTenant.values()) channel.close()
    this.#byTenant.clear()
  }
}
