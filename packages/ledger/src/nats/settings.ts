/** How the broker is reached and what is kept there. */
export interface NatsSettings {
  /** Servers, tried in any order: "nats://host:4222", "tls://user:password@host". */
  readonly servers: readonly string[]
  /** Shown in the broker's list of connections. */
  readonly name: string
  /** User and password, where the addresses hold none. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly token?: string | undefined
  /** Path of a .creds file. */
  readonly credentials?: string | undefined
  /** Path of a file with an nkey seed. */
  readonly nkey?: string | undefined
  /** Paths of PEM files; any of them, or a tls:// address, asks for TLS. */
  readonly tlsCa?: string | undefined
  readonly tlsCertificate?: string | undefined
  readonly tlsKey?: string | undefined
  /** First part of every stream's, bucket's and subject's name; several installations may share a broker. */
  readonly prefix: string
  /** Copies of every stream; undefined: min(3, servers of the cluster), never fewer than there are. */
  readonly replicas?: number | undefined
  /** How long records and pictures are kept after their last change, hours. */
  readonly retentionHours: number
  /** Ended jobs that a process knows without asking; absent: ENDED_KNOWN. */
  readonly endedKnown?: number | undefined
  /** Most jobs that wait, in all. */
  readonly maxQueued: number
  /** Room for results, bytes; -1: what the broker has. */
  readonly maxResultBytes: number
}
