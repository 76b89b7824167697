import { constants } from 'node:os'
import koffi from 'koffi'

/**
 * The few calls of the C library that Node does not offer, for the agent and the sidecar. They act on the calling thread
 * or process; a failure throws an error that names the call and its errno.
 */
const libc = koffi.load(null)

const filterProgram = koffi.struct({ len: 'uint16_t', filter: 'uint8_t *' })

/** Raw system calls take their number first; these numbers are the same on x86-64 and arm64. */
export const closeRangeNumber = 436
export const mountSetattrNumber = 442

const calls = {
  mount: libc.func('mount', 'int', ['str', 'str', 'str', 'ulong', 'str']),
  prctl: libc.func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong']),
  capset: libc.func('capset', 'int', ['void *', 'void *']),
  setrlimit: libc.func('setrlimit', 'int', ['int', 'void *']),
  getrlimit: libc.func('getrlimit', 'int', ['int', 'void *']),
  waitid: libc.func('waitid', 'int', ['int', 'uint', 'void *', 'int']),
  setpgid: libc.func('setpgid', 'int', ['int', 'int']),
  getpgrp: libc.func('getpgrp', 'int', []),
  tcgetpgrp: libc.func('tcgetpgrp', 'int', ['int']),
  tcsetpgrp: libc.func('tcsetpgrp', 'int', ['int', 'int']),
  fcntl: libc.func('fcntl', 'int', ['int', 'int', 'int']),
  signal: libc.func('signal', 'intptr_t', ['int', 'intptr_t']),
  closeRange: libc.func('syscall', 'long', ['long', 'uint', 'uint', 'uint']),
  mountSetattr: libc.func('syscall', 'long', ['long', 'int', 'str', 'uint', 'void *', 'size_t']),
  seccomp: libc.func('syscall', 'long', ['long', 'uint', 'uint', koffi.pointer(filterProgram)]),
}

type CallName = keyof typeof calls
type Argument = number | string | null | Uint8Array | { readonly len: number; readonly filter: Uint8Array }

/** Calls and returns the result, or throws with errno's name when it is -1. */
export function call(name: CallName, ...args: readonly Argument[]): number {
  const result = attempt(name, ...args)
  if (result < 0) throw new LibcError(name, args, -result)
  return result
}

/** Calls and returns the result, or minus the errno: for calls whose failure is an answer. */
export function attempt(name: CallName, ...args: readonly Argument[]): number {
  const result = Number(calls[name](...args))
  return result === -1 ? -koffi.errno() : result
}

const SIG_DFL = 0
const SIG_IGN = 1

/** Past Node, which keeps no signal ignored. */
export function ignoreSignal(signal: NodeJS.Signals): void {
  call('signal', constants.signals[signal], SIG_IGN)
}

export function heedSignal(signal: NodeJS.Signals): void {
  call('signal', constants.signals[signal], SIG_DFL)
}

export class LibcError extends Error {
  readonly errno: number

  constructor(name: string, args: readonly Argument[], errno: number) {
    const shown = args.filter((arg) => typeof arg === 'string' || typeof arg === 'number')
    super(`${name}(${shown.join(', ')}) failed: ${nameOfErrno(errno)}`)
    this.name = 'LibcError'
    this.errno = errno
  }
}

function nameOfErrno(errno: number): string {
  for (const [name, number] of Object.entries(koffi.os.errno)) if (number === errno) return name
  return `errno ${errno}`
}
