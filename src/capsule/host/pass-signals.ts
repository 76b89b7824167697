import { constants } from 'node:os'
import { ignoredSignals } from '#base/ignored-signals.ts'
import type { Exit } from '#capsule/capsule.ts'
import type { Terminal } from './terminal.ts'

const passed: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
  'SIGTSTP',
  'SIGCONT',
]

/** What a program under job control receives, and how it is answered. */
export interface Program {
  /** Sends the signal to the program's process group; with `foreground` it gets the terminal first. */
  deliver(signal: NodeJS.Signals, foreground: boolean): void
}

/**
 * Passes this process's signals to the program until the returned function is called, but for those that it was started to ignore. Stopping goes
 * both ways: what stops the program stops this process after it (`answerStop`); `fg` starts both again, the program in the foreground.
 */
export function passSignals(program: Program, terminal: Terminal): () => void {
  const ignored = ignoredSignals(process.env)
  const pass = (signal: NodeJS.Signals) => {
    if (ignored.has(signal)) return
    program.deliver(signal, signal === 'SIGCONT' && terminal.lendsAtStart && terminal.lend())
  }
  for (const signal of passed) process.on(signal, pass)
  return () => {
    for (const signal of passed) process.off(signal, pass)
  }
}

/** Answers that `signal` stopped the program. */
export function answerStop(signal: NodeJS.Signals, program: Program, terminal: Terminal): void {
  const wantsTerminal = signal === 'SIGTTIN' || signal === 'SIGTTOU'
  if (wantsTerminal && terminal.lend()) {
    program.deliver('SIGCONT', true)
    return
  }
  const isLent = terminal.takeBack()
  // Otherwise it has stopped itself, or was by one of its own, who will start it again.
  if (!isLent && !wantsTerminal && (signal !== 'SIGTSTP' || !terminal.isThere)) return
  // What a terminal stops is the whole process group, for its shell to see; what has been passed on was meant for this process.
  const wasStopped = stopAs(signal === 'SIGSTOP' ? 'SIGTSTP' : signal, isLent || wantsTerminal ? 0 : process.pid)
  // Nobody gives it the terminal, and without it it would stop again at once.
  if (wantsTerminal && !wasStopped) return
  program.deliver('SIGCONT', terminal.lendsAtStart && terminal.lend())
}

/**
 * Stops as the kernel stops who does not handle the signal: not where there is no shell that would continue it. Returns after that, with whether
 * there was a stop, as far as the time tells that it took.
 */
function stopAs(signal: NodeJS.Signals, target: number): boolean {
  const listeners = process.listeners(signal)
  process.removeAllListeners(signal)
  const startMs = performance.now()
  process.kill(target, signal)
  const tookMs = performance.now() - startMs
  for (const listener of listeners) process.on(signal, listener)
  return tookMs > 1
}

/**
 * Takes the terminal back from a program that has ended. If from the terminal, the whole process group is meant: a script around a run, and its
 * neighbours in a pipeline. This process ends in the same way then, by which a shell knows that it is.
 */
export function endWithProgram(exit: Exit, terminal: Terminal): void {
  const wasLent = terminal.takeBack()
  if (exit.kind !== 'signal' || (exit.signal !== 'SIGINT' && exit.signal !== 'SIGQUIT') || !terminal.isOurs()) return
  const { signal } = exit
  process.once('exit', (code) => {
    // What was not lent has told the group already.
    if (code === 128 + constants.signals[signal]) endBy(signal, wasLent ? 0 : process.pid)
  })
}

function endBy(signal: NodeJS.Signals, target: number): void {
  process.removeAllListeners(signal)
  // This one would leave a core.
  if (signal === 'SIGQUIT') process.on(signal, () => undefined)
  process.kill(target, signal)
}
