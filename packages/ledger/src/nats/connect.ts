import { readFileSync } from 'node:fs'
import {
  connect,
  credsAuthenticator,
  nkeyAuthenticator,
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

/** The client's options for our settings; files named in them are read now, keys at each connection again. */
export function toConnectionOptions(settings: NatsSettings): NodeConnectionOptions {
  const urls = settings.servers.map(parseServer)
  const first = urls.find(({ username }) => username !== '')
  const user = settings.user ?? (first && decodeURIComponent(first.username))
  const password = settings.password ?? (first && decodeURIComponent(first.password))
  const wantsTls = urls.some(({ protocol }) => protocol === 'tls:')
  const { tlsCa, tlsCertificate, tlsKey, credentials, nkey, token } = settings
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
    ...(credentials !== undefined && {
      authenticator: credsAuthenticator(reread(() => readFileSync(credentials))),
    }),
    ...(nkey !== undefined && { authenticator: nkeyAuthenticator(reread(() => readSeed(nkey))) }),
    ...((wantsTls || Object.keys(tls).length > 0) && { tls }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    timeout: CONNECT_TIMEOUT_MS,
    noAsyncTraces: true,
  }
}

/** Reads a file now, and again whenever it is asked for: keys are changed while programs run. */
function reread(read: () => Uint8Array): () => Uint8Array {
  let last = read()
  return () => {
    try {
      last = read()
    } catch {
      // It is being replaced: the broker says whether the old one still holds.
    }
    return last
  }
}

/** The seed in a file: its last line that looks like one, as the tools that make keys write them. */
function readSeed(path: string): Uint8Array {
  const seed = readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .findLast((line) => /^S[A-Z2-7]{57}$/.test(line))
  if (seed === undefined) throw new Error(`${path} holds no nkey seed`)
  return Buffer.from(seed)
}

/** Hosts and ports of servers, for people: without users and passwords. */
export function listHosts(servers: readonly string[]): string {
  return servers
    .map((server) => (URL.canParse(withScheme(server)) ? parseServer(server).host : '?'))
    .join(',')
}

function withScheme(address: string): string {
  return address.includes('://') ? address : `nats://${address}`
}

/** An address of a server, its scheme and port filled in. */
export function parseServer(address: string): URL {
  const url = new URL(withScheme(address))
  if (url.port === '') url.port = '4222'
  return url
}
