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
 * Passes this process's signals to the program until the returned function is called. Stopping goes both ways: a stop
 * that arrives here stops the program and then this process; `fg` starts both again, the program in the foreground.
 */
export function passSignals(program: Program, terminal: Terminal): () => void {
  const pass = (signal: NodeJS.Signals) => {
    program.deliver(signal, signal === 'SIGCONT' && terminal.isOurs())
    if (signal === 'SIGTSTP') process.kill(process.pid, 'SIGSTOP')
  }
  for (const signal of passed) process.on(signal, pass)
  return () => {
    for (const signal of passed) process.off(signal, pass)
  }
}

/**
 * The program was stopped: if from its terminal, the shell that waits for this process has to see a stop, too. Without one it has
 * stopped itself, or was by one of its own, who will start it again.
 */
export function stopWithProgram(terminal: Terminal): void {
  if (!terminal.isThere) return
  terminal.takeBack()
  process.kill(process.pid, 'SIGSTOP')
}
