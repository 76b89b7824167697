import { readFileSync, writeFileSync } from 'node:fs'
import { attempt, call, closeRangeNumber } from './libc.ts'
import { buildFilter, seccompNumber } from './seccomp.ts'

const PR_SET_PDEATHSIG = 1
const PR_SET_DUMPABLE = 4
const PR_CAPBSET_DROP = 24
const PR_SET_NO_NEW_PRIVS = 38
const PR_CAP_AMBIENT = 47
const PR_CAP_AMBIENT_CLEAR_ALL = 4
const RLIMIT_NPROC = 6
const SIGKILL = 9

/** Dies with its parent, and cannot be looked into or traced by the program, which has the same uid. */
export function protectAgent(): void {
  call('prctl', PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
  call('prctl', PR_SET_DUMPABLE, 0, 0, 0, 0)
}

/** Bounds the tasks of the capsule; returns what this machine cannot bound. */
export function limitTasks(limit: number): readonly string[] {
  const gaps: string[] = []
  lowerLimit(RLIMIT_NPROC, limit)
  const isPerNamespace = kernelIsAtLeast(6, 14)
  if (isPerNamespace) writeFileSync('/proc/sys/kernel/pid_max', String(Math.max(limit, 512)))
  else if (process.getuid?.() === 0) gaps.push('no limit on processes: for root it needs Linux 6.14')
  return gaps
}

/** No further user namespace, whoever asks. */
export function forbidUserNamespaces(): void {
  writeFileSync('/proc/sys/user/max_user_namespaces', '0')
}

/**
 * Gives up every capability for good and installs the system call filter, on this thread: what it starts from now on
 * inherits both. Returns the defences the kernel lacks.
 */
export function dropPrivileges(): readonly string[] {
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  for (let capability = 0; capability <= last; capability++) {
    call('prctl', PR_CAPBSET_DROP, capability, 0, 0, 0)
  }
  call('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
  call('prctl', PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
  clearCapabilities()
  return installFilter()
}

/** capset(2), version 3: header { version, pid }, two sets of { effective, permitted, inheritable }. */
function clearCapabilities(): void {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(0x20080522, 0)
  call('capset', header, Buffer.alloc(24))
}

function installFilter(): readonly string[] {
  const filter = buildFilter(process.arch)
  const number = seccompNumber(process.arch)
  if (filter === undefined || number === undefined)
    return [`no system call filter: none is written for "${process.arch}"`]
  const SECCOMP_SET_MODE_FILTER = 1
  const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4
  const program = { len: filter.length / 8, filter }
  const result = attempt('seccomp', number, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, program)
  return result < 0 ? [`no system call filter: the kernel refused it with errno ${-result}`] : []
}

function lowerLimit(resource: number, value: number): void {
  const limit = Buffer.alloc(16)
  call('getrlimit', resource, limit)
  const wanted = BigInt(value)
  const hard = limit.readBigUInt64LE(8)
  const lowered = hard < wanted ? hard : wanted
  limit.writeBigUInt64LE(lowered, 0)
  limit.writeBigUInt64LE(lowered, 8)
  call('setrlimit', resource, limit)
}

function kernelIsAtLeast(major: number, minor: number): boolean {
  const [found = 0, foundMinor = 0] = readFileSync('/proc/sys/kernel/osrelease', 'utf8')
    .split('.')
    .map(Number.parseFloat)
  return found > major || (found === major && foundMinor >= minor)
}

/** Marks every descriptor but the standard three as not inherited by what is started later. */
export function closeDescriptorsOnExec(): void {
  const CLOSE_RANGE_CLOEXEC = 4
  call('closeRange', closeRangeNumber, 3, 0xffffffff, CLOSE_RANGE_CLOEXEC)
}
