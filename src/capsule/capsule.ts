import type { Socket as DatagramSocket } from 'node:dgram'
import type { Server } from 'node:net'

/** How a capsule is built and what runs in it (ARCHITECTURE, section 3). */
export interface CapsuleOptions {
  /** argv of the program; the first element is looked up on PATH inside the capsule. */
  readonly command: readonly [string, ...string[]]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** Path sockets of the host that stay reachable; everything else is hidden. */
  readonly sharedSockets: readonly string[]
  /**
   * Files and directories that the program may read and not change: what decides over it. Default: none. A promise is waited for only once
   * the capsule's processes are there; when it rejects, so does the building.
   */
  readonly readOnlyPaths?: readonly string[] | Promise<readonly string[]>
  /** Directories of the host that are empty for the program; those that do not exist need no hiding. Default: none. */
  readonly hiddenDirectories?: readonly string[]
  /** Processes and threads at a time; default 4096. */
  readonly taskLimit?: number
}

/** The listening sockets that the agent opened inside and handed out: whoever serves them closes them; `destroy` does too. */
export interface CapsuleSockets {
  /** Where nftables redirects all outbound TCP (15001), IPv4 and IPv6. */
  readonly outbound: readonly Server[]
  /** DNS over UDP (15053), IPv4 and IPv6. */
  readonly dnsUdp: readonly DatagramSocket[]
  /** DNS over TCP (15053). */
  readonly dnsTcp: readonly Server[]
}

/** How the program ended. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }

export interface Destination {
  readonly ip: string
  readonly port: number
}

export interface Capsule {
  /** Defences that this machine lacks, one sentence each; complete once the program has started. */
  readonly gaps: readonly string[]
  readonly sockets: CapsuleSockets
  /** Starts the program: called only once the sidecar has its first configuration. */
  start(): Promise<void>
  /**
   * Settles when the program and everything it left behind in the capsule has ended; rejects with a Fault `capsule/warden-ended` when it had
   * to be ended because nobody hid late sockets from it any more.
   */
  readonly exited: Promise<Exit>
  /** Where the program sent datagrams that the kernel refused, each destination once; known when `exited` has settled. */
  refusedDatagrams(): readonly Destination[]
  /** Passes a signal to the program's process group. */
  signal(signal: NodeJS.Signals): void
  /** Ends everything in the capsule at once, and closes what sockets are still open; nothing is left behind. */
  destroy(): void
}
