import { chmodSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { isatty } from 'node:tty'
import { capsuleMark, emptyFile, ownDirectory } from './inside-paths.ts'
import { LibcError } from './libc.ts'
import type { FilesystemPlan } from './messages.ts'
import {
  bind,
  ensureFile,
  exists,
  type Held,
  hold,
  makeReadOnly,
  mountTerminals,
  mountTmpfs,
  noDevices,
  noSuid,
  readOnly,
  release,
  setMountAttributes,
} from './mount.ts'

const megabyte = 1024 * 1024

const ownResolvConf = `${ownDirectory}/resolv.conf`
const ownNsswitchConf = `${ownDirectory}/nsswitch.conf`

const deviceNodes = ['null', 'zero', 'full', 'random', 'urandom', 'tty']
const deviceLinks = { fd: '/proc/self/fd', stdin: 'fd/0', stdout: 'fd/1', stderr: 'fd/2', ptmx: 'pts/ptmx' }

/** Parts of /proc through which root changes the whole machine, capability or not; and those that tell about it. */
const readOnlyProc = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger', 'acpi', 'scsi', 'mtrr']
const hiddenProc = ['kcore', 'kmsg', 'keys', 'key-users', 'latency_stats', 'timer_list', 'sched_debug', 'kallsyms']

/** DNS is redirected whatever its address, so this one need not exist. */
const resolvConf = 'nameserver 127.0.0.53\noptions edns0\n'

/**
 * Builds the program's view of the file system: the host's files as they are, without devices, without kernel knobs,
 * and without the directories where services keep their sockets.
 */
export function buildFilesystem(plan: FilesystemPlan): void {
  const devices = deviceNodes.map((name) => hold(`/dev/${name}`))
  const terminal = isatty(0) ? hold(readlinkSync('/proc/self/fd/0')) : undefined
  const sockets = plan.sharedSockets.map((path) => hold(path))
  setMountAttributes('/', noDevices | noSuid, 0n, 'tree')
  // A directory that something is mounted on cannot be renamed: a false one cannot take its place.
  for (const directory of plan.heldDirectories) bind(directory, directory)
  for (const path of plan.readOnlyPaths) makeReadOnly(path)
  buildDev(devices.filter(isHeld), terminal)
  writeOwnFiles(plan)
  // What is shown from /dev from here on is as read-only as it.
  setMountAttributes('/dev', readOnly, 0n, 'one')
  setMountAttributes('/sys', readOnly, 0n, 'tree')
  hardenProc()
  for (const directory of plan.coveredDirectories) mountTmpfs(directory, '755', 64 * megabyte)
  if (plan.runtimeDirectory !== undefined) mkdirSync(plan.runtimeDirectory, { recursive: true, mode: 0o700 })
  if (plan.resolvConf !== undefined) show(ownResolvConf, plan.resolvConf)
  if (plan.nsswitchConf !== undefined) show(ownNsswitchConf, plan.nsswitchConf)
  for (const socket of sockets.filter(isHeld)) release(socket, socket.path)
}

/** Hides path sockets of the host; those that have gone meanwhile need no hiding. */
export function maskSockets(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      bind(emptyFile, path)
    } catch (error) {
      if (!(error instanceof LibcError) || exists(path)) throw error
    }
  }
}

function buildDev(nodes: readonly Held[], terminal: Held | undefined): void {
  mountTmpfs('/dev', '755', megabyte)
  for (const node of nodes) showDevice(node, node.path)
  for (const directory of ['/dev/pts', '/dev/shm', ownDirectory]) mkdirSync(directory)
  mountTerminals('/dev/pts')
  setMountAttributes('/dev/pts', 0n, noDevices, 'one')
  mountTmpfs('/dev/shm', '1777', 1024 * megabyte)
  for (const [name, target] of Object.entries(deviceLinks)) symlinkSync(target, `/dev/${name}`)
  // ttyname(3) finds the inherited terminal here, as its own name belongs to the host's /dev/pts.
  if (terminal !== undefined) showDevice(terminal, '/dev/console')
}

function showDevice(node: Held, target: string): void {
  release(node, target)
  setMountAttributes(target, 0n, noDevices, 'one')
}

function hardenProc(): void {
  for (const name of readOnlyProc) if (exists(`/proc/${name}`)) makeReadOnly(`/proc/${name}`)
  for (const name of hiddenProc) if (exists(`/proc/${name}`)) bind(emptyFile, `/proc/${name}`)
}

/** Names are looked up in /etc/hosts and by DNS only: other name services talk to daemons of the host. */
function writeOwnFiles(plan: FilesystemPlan): void {
  writeFileSync(emptyFile, '')
  chmodSync(emptyFile, 0o444)
  writeFileSync(capsuleMark, '')
  writeFileSync(ownResolvConf, resolvConf)
  if (plan.nsswitchConf === undefined) return
  const lines = readFileSync(plan.nsswitchConf, 'utf8').split('\n')
  const hosts = lines.map((line) => (/^\s*hosts\s*:/.test(line) ? 'hosts:          files dns' : line))
  writeFileSync(ownNsswitchConf, hosts.join('\n'))
}

function show(ownFile: string, target: string): void {
  ensureFile(target)
  bind(ownFile, target)
}

function isHeld(held: Held | undefined): held is Held {
  return held !== undefined
}
