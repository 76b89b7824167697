import { isatty } from 'node:tty'
import { attempt, call } from '#capsule/agent/libc.ts'

const SIGTTOU = 22
const SIG_IGN = 1

/**
 * The terminal's foreground, lent to the program while it runs. It is lent only when both input and output are the
 * terminal: in a pipeline the neighbours need it, and then signals are passed on instead.
 */
export interface Terminal {
  /** False: nothing is lent, and nothing that stops was stopped from here. */
  readonly isThere: boolean
  /** Whether the program should take the foreground: this process group holds it now. */
  isOurs(): boolean
  /** Takes the foreground back for this process group. */
  takeBack(): void
}

export function openTerminal(): Terminal {
  if (!isatty(0) || !isatty(1)) return { isThere: false, isOurs: () => false, takeBack: () => undefined }
  const group = call('getpgrp')
  return {
    isThere: true,
    isOurs: () => attempt('tcgetpgrp', 0) === group,
    takeBack: () => {
      call('signal', SIGTTOU, SIG_IGN)
      attempt('tcsetpgrp', 0, group)
    },
  }
}
