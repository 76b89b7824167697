import { constants as fileConstants } from 'node:fs'
import { constants } from 'node:os'
import koffi from 'koffi'
import { attempt, ignoreSignal } from './libc.ts'

/**
 * Node starts no process in a group of its own but with a session of its own, and so without the terminal. `posix_spawn` does; a shell's jobs are
 * started in this way.
 */
const libc = koffi.load(null)
const attributesOf = (name: string, ...types: string[]) => libc.func(`posix_spawnattr_${name}`, 'int', types)
const initAttributes = attributesOf('init', 'void *')
const setFlags = attributesOf('setflags', 'void *', 'short')
const setGroup = attributesOf('setpgroup', 'void *', 'int')
const setDefaultSignals = attributesOf('setsigdefault', 'void *', 'void *')
const setSignalMask = attributesOf('setsigmask', 'void *', 'void *')
const initActions = libc.func('posix_spawn_file_actions_init', 'int', ['void *'])
const addDup = libc.func('posix_spawn_file_actions_adddup2', 'int', ['void *', 'int', 'int'])
const posixSpawn = libc.func('posix_spawn', 'int', [
  'void *',
  'str',
  'void *',
  'void *',
  'const char **',
  'const char **',
])

const SETPGROUP = 2
const SETSIGDEF = 4
const SETSIGMASK = 8
/** More than any C library's structures for these take. */
const STRUCTURE_BYTES = 1024
const SIGNAL_SET_BYTES = 128
const F_GETFL = 3
const F_SETFL = 4

export interface Leader {
  readonly command: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** What becomes its standard input, output and error. */
  readonly stdio: readonly [number, number, number]
  /** Signals that it ignores; all others are as they are by default. */
  readonly ignored: readonly NodeJS.Signals[]
}

/** Starts a command as the leader of a new process group. Returns its pid, or throws an error with the errno's name as `code`. */
export function spawnLeader({ command, env, cwd, stdio, ignored }: Leader): number {
  const attributes = Buffer.alloc(STRUCTURE_BYTES)
  initAttributes(attributes)
  setFlags(attributes, SETPGROUP | SETSIGDEF | SETSIGMASK)
  setGroup(attributes, 0)
  // What this process ignores, and is not set back, the program ignores as well.
  for (const signal of ignored) ignoreSignal(signal)
  setDefaultSignals(attributes, allBut(ignored))
  setSignalMask(attributes, Buffer.alloc(SIGNAL_SET_BYTES))
  const actions = Buffer.alloc(STRUCTURE_BYTES)
  initActions(actions)
  for (const [target, source] of stdio.entries()) {
    makeBlocking(source)
    addDup(actions, source, target)
  }
  const variables = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), null]
  const pid = Buffer.alloc(4)
  const start = (file: string, args: readonly string[]): number =>
    posixSpawn(pid, file, actions, attributes, [...args, null], variables)
  const outside = process.cwd()
  process.chdir(cwd)
  const failure = startFirst(placesOf(command[0], env.PATH), command, start)
  process.chdir(outside)
  if (failure !== 0) throw spawnError(command[0], failure)
  return pid.readInt32LE(0)
}

/** As execvp(3) does: what is not there, or may not be run, is looked for further on, and a script that does not say what runs it is the shell's. */
function startFirst(
  places: readonly string[],
  command: readonly string[],
  start: (file: string, args: readonly string[]) => number,
): number {
  const { EACCES, ENOENT, ENOEXEC, ENOTDIR } = constants.errno
  let failure: number = ENOENT
  for (const file of places) {
    const outcome = start(file, command)
    if (outcome === ENOEXEC) return start('/bin/sh', ['sh', file, ...command.slice(1)])
    if (outcome === EACCES) failure = EACCES
    else if (outcome !== ENOENT && outcome !== ENOTDIR) return outcome
  }
  return failure
}

function placesOf(name: string, path = '/usr/bin:/bin'): readonly string[] {
  if (name.includes('/')) return [name]
  return path.split(':').map((directory) => `${directory === '' ? '.' : directory}/${name}`)
}

function allBut(signals: readonly NodeJS.Signals[]): Buffer {
  const set = Buffer.alloc(SIGNAL_SET_BYTES, 0xff)
  for (const signal of signals) {
    const bit = constants.signals[signal] - 1
    set[bit >> 3] = (set[bit >> 3] as number) & ~(1 << (bit & 7))
  }
  return set
}

/** Few programs expect to be told that they should try again later. */
function makeBlocking(descriptor: number): void {
  const flags = attempt('fcntl', descriptor, F_GETFL, 0)
  const { O_NONBLOCK } = fileConstants
  if (flags >= 0 && (flags & O_NONBLOCK) !== 0) attempt('fcntl', descriptor, F_SETFL, flags & ~O_NONBLOCK)
}

function spawnError(name: string, failure: number): NodeJS.ErrnoException {
  const code = Object.entries(constants.errno).find(([, number]) => number === failure)?.[0] ?? `errno ${failure}`
  return Object.assign(new Error(`spawn ${name} ${code}`), { code, errno: -failure, syscall: 'spawn' })
}
