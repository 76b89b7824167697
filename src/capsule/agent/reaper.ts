import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Exit } from '#capsule/capsule.ts'
import { attempt } from './libc.ts'

const P_ALL = 0
const P_PID = 1
const WNOHANG = 1
const WUNTRACED = 2
const WEXITED = 4
const CLD_EXITED = 1

/** `siginfo_t` of a child: what became of it, which one (zero when nothing waits), and its code or signal, in ints. */
const codeOffset = 8
const pidOffset = 16
const statusOffset = 24
const info = Buffer.alloc(128)

interface Watcher {
  onEnded(exit: Exit): void
  /** Job control stopped the program, by this signal. */
  onStopped?(signal: NodeJS.Signals): void
}

/** Collects the program when it has ended, and tells how: Node says "code 0" of a program that a real-time signal ended. */
export function collectProgram(program: ChildProcess, watcher: Watcher): void {
  const pid = takeFromNode(program, watcher)
  onEachSignal(() => {
    if (wait(P_PID, pid, WEXITED | WNOHANG) === pid) watcher.onEnded(exitOf())
  })
}

/** The same for pid 1, which owes more: it collects the orphans that the program leaves, and notices when job control stops the program. */
export function collectAll(pid: number, watcher: Watcher): void {
  onEachSignal(() => {
    for (;;) {
      const dead = wait(P_ALL, 0, WEXITED | WNOHANG)
      if (dead === 0) break
      if (dead === pid) watcher.onEnded(exitOf())
    }
    if (wait(P_PID, pid, WUNTRACED | WNOHANG) === pid) watcher.onStopped?.(stopOf())
  })
}

/** Where Node does not let go of its handle, it may be the first to collect the program, and then tells. */
function takeFromNode(program: ChildProcess, { onEnded }: Watcher): number {
  program.once('exit', (code, signal) => {
    onEnded(signal === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal })
  })
  const { _handle: handle } = program as unknown as { readonly _handle?: { close?(): void } | null }
  handle?.close?.()
  return program.pid ?? 0
}

function onEachSignal(collect: () => void): void {
  process.on('SIGCHLD', collect)
  // It may have ended before anybody heard the signal.
  collect()
}

/** The pid of a child with which what is asked for has happened; 0 when there is none. */
function wait(idType: number, id: number, options: number): number {
  info.fill(0)
  return attempt('waitid', idType, id, info, options) < 0 ? 0 : info.readInt32LE(pidOffset)
}

/** Of the child that was waited for last. */
function exitOf(): Exit {
  const status = info.readInt32LE(statusOffset)
  if (info.readInt32LE(codeOffset) === CLD_EXITED) return { kind: 'code', code: status }
  const signal = nameOf(status)
  // Real-time signals have no names: what a shell makes of them.
  return signal === undefined ? { kind: 'code', code: 128 + status } : { kind: 'signal', signal }
}

/** Of the child that was waited for last; only four signals stop. */
function stopOf(): NodeJS.Signals {
  return nameOf(info.readInt32LE(statusOffset)) ?? 'SIGSTOP'
}

function nameOf(signal: number): NodeJS.Signals | undefined {
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][]
  return names.find(([, number]) => number === signal)?.[0]
}
