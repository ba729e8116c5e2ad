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
  const channels = new Map<string, TenantChannel>()
  const features = toServerFeatures(deps.config)
  const pinger = setInterval(() => {
    for (const channel of channels.values()) channel.ping()
  }, PING_MS)
  pinger.unref()
  const shown = new ShownEnds(deps.now)
  const unsubscribe = deps.comfyNotices?.subscribe((notice) => {
    if (notice.kind === 'end-shown') shown.add(notice.jobId)
    heed(channels, notice)
  })

  const openChannel = (tenant: string): TenantChannel => {
    const channel = channels.get(tenant) ?? new TenantChannel(deps, tenant, shown)
    channels.set(tenant, channel)
    return channel
  }
  const leave = (tenant: string, channel: TenantChannel, client: ClientSocket): void => {
    channel.disconnect(client)
    if (!channel.isEmpty) return
    setTimeout(() => {
      if (!channel.isEmpty || channels.get(tenant) !== channel) return
      channels.delete(tenant)
      channel.close()
    }, LINGER_MS).unref()
  }

  return {
    handleConnection(socket, { tenant, clientId }) {
      const sid = clientId === '' ? deps.createId().replaceAll('-', '') : clientId
      const client = new ClientSocket(socket, { sid, isNamed: clientId !== '', features })
      const channel = openChannel(tenant)
      socket.on('close', () => leave(tenant, channel, client))
      socket.on('error', (error) => {
        deps.logger.debug({ err: error }, 'a websocket broke')
        socket.terminate()
      })
      void channel.connect(client).then(() => {
        if (socket.readyState !== socket.OPEN) leave(tenant, channel, client)
      })
    },
    close() {
      clearInterval(pinger)
      unsubscribe?.()
      for (const channel of channels.values()) channel.close()
      channels.clear()
    },
  }
}

function heed(channels: ReadonlyMap<string, TenantChannel>, notice: ComfyNotice): void {
  const tenant = notice.kind === 'replay' ? notice.record.job?.tenant : notice.tenant
  const channel = channels.get(tenant ?? '')
  if (notice.kind === 'replay') channel?.replay(notice.record)
  else if (notice.kind === 'end-shown') channel?.dropMissed(notice.clientId, notice.jobId)
  else channel?.clear(notice.jobIds)
}
