import { ignoredSignals } from '#base/ignored-signals.ts'
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
  if (wantsTerminal && terminal.lend()) program.deliver('SIGCONT', true)
  else if (terminal.isThere && (signal !== 'SIGSTOP' || terminal.lendsAtStart)) {
    // The shell that waits for this process has to see a stop, too.
    terminal.takeBack()
    process.kill(process.pid, 'SIGSTOP')
  }
  // Else it has stopped itself, or was by one of its own, who will start it again.
}
