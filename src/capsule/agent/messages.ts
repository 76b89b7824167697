import type { Exit } from '#capsule/capsule.ts'

/** What the sidecar and the agent say to each other over their channel. Sockets travel beside `socket` messages. */

/** Which files of the host the program must not find, worked out outside, where the host can still be seen. */
export interface FilesystemPlan {
  /** Directories that become empty: run-time directories, kernel file systems mounted in unusual places. */
  readonly coveredDirectories: readonly string[]
  /** Directories that must not be moved away, outermost first: something read-only lies in them. */
  readonly heldDirectories: readonly string[]
  readonly readOnlyPaths: readonly string[]
  /** The directory to make for XDG_RUNTIME_DIR, mode 0700. */
  readonly runtimeDirectory: string | undefined
  /** Path sockets of the host to keep although their directory is covered. */
  readonly sharedSockets: readonly string[]
  /** Where /etc/resolv.conf and /etc/nsswitch.conf really are; absent files are left absent. */
  readonly resolvConf: string | undefined
  readonly nsswitchConf: string | undefined
}

export interface ProgramPlan {
  readonly command: readonly [string, ...string[]]
  readonly env: Record<string, string>
  readonly cwd: string
  /** Path sockets of the host outside of the covered directories. */
  readonly maskedSockets: readonly string[]
  /** Whether the program becomes the terminal's foreground process group. */
  readonly foreground: boolean
  /** Signals that it is started to ignore. */
  readonly ignored: readonly NodeJS.Signals[]
}

export type ToAgent =
  /** The user namespace has its maps: build the capsule. */
  | { readonly kind: 'build'; readonly filesystem: FilesystemPlan; readonly taskLimit: number }
  | { readonly kind: 'start'; readonly program: ProgramPlan }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals; readonly foreground: boolean }

export type SocketRole = 'outbound' | 'dnsUdp' | 'dnsTcp'

export type FromAgent =
  | { readonly kind: 'born' }
  | { readonly kind: 'socket'; readonly role: SocketRole }
  /** Built; `gaps` are the defences this machine lacks, one sentence each. */
  | { readonly kind: 'built'; readonly gaps: readonly string[] }
  | { readonly kind: 'started'; readonly gaps: readonly string[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly mend: string | undefined }
  /** The program was stopped by job control: SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU. */
  | { readonly kind: 'stopped'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'exited'; readonly exit: Exit }
