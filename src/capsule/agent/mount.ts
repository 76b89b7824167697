import { closeSync, constants, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { call, mountSetattrNumber } from './libc.ts'

const MS_NOSUID = 2
const MS_NODEV = 4
const MS_NOEXEC = 8
const MS_BIND = 4096
const MS_REC = 16384
const O_PATH = 0o10000000

const AT_FDCWD = -100
const AT_RECURSIVE = 0x8000

/** MOUNT_ATTR_*: what mount_setattr(2) sets and clears. */
export const readOnly = 1n
export const noSuid = 2n
export const noDevices = 4n

export type Tree = 'one' | 'tree'

/** An empty directory in memory at `target`, which exists. */
export function mountTmpfs(target: string, mode: string, sizeBytes: number): void {
  call('mount', 'tmpfs', target, 'tmpfs', MS_NOSUID | MS_NODEV, `mode=${mode},size=${sizeBytes}`)
}

/** The view of processes that belongs to this pid namespace. */
export function mountProcesses(target: string): void {
  call('mount', 'proc', target, 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null)
}

/** Private pseudo-terminals, beside those of the host. */
export function mountTerminals(target: string): void {
  call('mount', 'devpts', target, 'devpts', MS_NOSUID | MS_NOEXEC, 'newinstance,ptmxmode=0666,mode=620')
}

/** Shows `source`, a file or a directory with what is mounted in it, at `target`, which exists. */
export function bind(source: string, target: string): void {
  call('mount', source, target, null, MS_BIND | MS_REC, null)
}

/** `struct mount_attr`: set, clear, propagation, user namespace: 8 bytes each. */
export function setMountAttributes(target: string, set: bigint, clear: bigint, tree: Tree): void {
  const attributes = Buffer.alloc(32)
  attributes.writeBigUInt64LE(set, 0)
  attributes.writeBigUInt64LE(clear, 8)
  const flags = tree === 'tree' ? AT_RECURSIVE : 0
  call('mountSetattr', mountSetattrNumber, AT_FDCWD, target, flags, attributes, attributes.length)
}

/** Makes what is at `path` read-only without changing what is mounted elsewhere. */
export function makeReadOnly(path: string): void {
  bind(path, path)
  setMountAttributes(path, readOnly, 0n, 'tree')
}

/** A file or directory of the host held open so that it can be shown again after its place was covered. */
export interface Held {
  readonly path: string
  readonly descriptor: number
}

/** Holds `path`, or returns undefined where it does not exist. */
export function hold(path: string): Held | undefined {
  try {
    return { path, descriptor: openSync(path, constants.O_RDONLY | O_PATH) }
  } catch {
    return undefined
  }
}

/** Shows a held file at `target`, making the file and its directories where they are missing. */
export function release(held: Held, target: string): void {
  ensureFile(target)
  bind(`/proc/self/fd/${held.descriptor}`, target)
  closeSync(held.descriptor)
}

export function ensureFile(path: string): void {
  if (exists(path)) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '')
}

export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
