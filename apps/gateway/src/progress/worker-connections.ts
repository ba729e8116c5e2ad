import { credentials } from '@grpc/grpc-js'
import { WorkerServiceClient, type WorkerDescription } from '@atelier/proto'

/** Client settings towards workers: reliability reference 2.3 (failover of a hung worker within 20 s). */
const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 15_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  // Previews stay under 256 KiB; everything larger travels through the blob store.
  'grpc.max_receive_message_length': 2 * 1024 * 1024,
}

/** Owns one gRPC client per living worker; addresses come from the directory, clients of gone workers are closed. */
export class WorkerConnections {
  readonly #workers: () => readonly WorkerDescription[]
  readonly #clients = new Map<string, WorkerServiceClient>()

  constructor(workers: () => readonly WorkerDescription[]) {
    this.#workers = workers
  }

  /** A client for the worker, or undefined when the directory does not know it. */
  client(workerId: string): WorkerServiceClient | undefined {
    const worker = this.#workers().find((candidate) => candidate.id === workerId)
    return worker && this.#dial(worker.grpcAddress)
  }

  /** Clients for all living workers. */
  all(): WorkerServiceClient[] {
    return this.#workers().map((worker) => this.#dial(worker.grpcAddress))
  }

  #dial(address: string): WorkerServiceClient {
    const known = this.#clients.get(address)
    if (known) return known
    this.#closeGone()
    const client = new WorkerServiceClient(address, credentials.createInsecure(), CHANNEL_OPTIONS)
    this.#clients.set(address, client)
    return client
  }

  #closeGone(): void {
    const living = new Set(this.#workers().map((worker) => worker.grpcAddress))
    for (const [address, client] of this.#clients) {
      if (living.has(address)) continue
      client.close()
      this.#clients.delete(address)
    }
  }

  /** Closes every client. */
  close(): void {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }
}
