import { readFileSync } from 'node:fs'
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node'
import type { NatsSettings } from './settings.ts'

/** How long one server may take to answer, milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000
/** A dead server is noticed after two of these without an answer, milliseconds. */
const PING_INTERVAL_MS = 10_000
/** Pause before the same server is tried again, milliseconds. */
const RECONNECT_WAIT_MS = 500

/** Connects once; rejects when no server answers. A connection that was made is kept for ever. */
export function connectToBroker(settings: NatsSettings): Promise<NatsConnection> {
  return connect(toConnectionOptions(settings))
}

/** The client's options for our settings; files named in them are read now. */
export function toConnectionOptions(settings: NatsSettings): NodeConnectionOptions {
  const urls = settings.servers.map(parseServer)
  const first = urls.find(({ username }) => username !== '')
  const user = settings.user ?? (first && decodeURIComponent(first.username))
  const password = settings.password ?? (first && decodeURIComponent(first.password))
  const wantsTls = urls.some(({ protocol }) => protocol === 'tls:')
  const { tlsCa, tlsCertificate, tlsKey, credentials, token } = settings
  const tls = {
    ...(tlsCa !== undefined && { caFile: tlsCa }),
    ...(tlsCertificate !== undefined && { certFile: tlsCertificate }),
    ...(tlsKey !== undefined && { keyFile: tlsKey }),
  }
  return {
    servers: urls.map(({ host }) => host),
    name: settings.name,
    ...(user !== undefined && { user, pass: password ?? '' }),
    ...(token !== undefined && { token }),
    ...(credentials !== undefined && { authenticator: credsAuthenticator(readFileSync(credentials)) }),
    ...((wantsTls || Object.keys(tls).length > 0) && { tls }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    timeout: CONNECT_TIMEOUT_MS,
    noAsyncTraces: true,
  }
}

/** An address of a server, its scheme and port filled in. */
export function parseServer(address: string): URL {
  const url = new URL(address.includes('://') ? address : `nats://${address}`)
  if (url.port === '') url.port = '4222'
  return url
}
