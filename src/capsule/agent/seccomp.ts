import { constants } from 'node:os'

/**
 * The system call filter, defence in depth behind the namespaces: what it refuses is either not namespaced at all
 * (vsock, keyrings, terminal input) or a way to go round the rest (new namespaces, mounts, io_uring).
 * Classic BPF over `struct seccomp_data`: number at 0, architecture at 4, arguments of 8 bytes from 16, low half first.
 */
const { EAFNOSUPPORT, EPERM, ENOSYS, EPROTONOSUPPORT } = constants.errno

const numberOffset = 0
const architectureOffset = 4
const lowHalfOfArgument = (index: number) => 16 + 8 * index

const LOAD = 0x20
const JUMP_EQUAL = 0x15
const JUMP_AT_LEAST = 0x35
const JUMP_ANY_BIT = 0x45
const AND = 0x54
const RETURN = 0x06
const ALLOW = 0x7fff0000
const refuse = (errno: number) => 0x00050000 | errno

/** One instruction: code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number]

interface Architecture {
  readonly audit: number
  readonly seccomp: number
  readonly numbers: Readonly<Record<SyscallName, number>>
  /** Calls that only this architecture has. */
  readonly extra: readonly number[]
  /** Numbers from here on belong to another calling convention (x32). */
  readonly foreignFrom: number | undefined
}

type SyscallName = 'socket' | 'clone' | 'clone3' | 'unshare' | 'ioctl' | (typeof refusedCalls)[number]

const refusedCalls = [
  'setns',
  'mount',
  'umount2',
  'pivot_root',
  'open_tree',
  'move_mount',
  'fsopen',
  'fsconfig',
  'fsmount',
  'fspick',
  'mount_setattr',
  'bpf',
  'perf_event_open',
  'kexec_load',
  'init_module',
  'finit_module',
  'delete_module',
  'add_key',
  'request_key',
  'keyctl',
  'io_uring_setup',
  'io_uring_enter',
  'io_uring_register',
  'open_by_handle_at',
  'userfaultfd',
  'swapon',
  'swapoff',
  'reboot',
  'acct',
  'quotactl',
] as const

/** Numbers that all architectures younger than 2011 share. */
const shared = {
  clone3: 435,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  mount_setattr: 442,
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
} as const

const architectures: Readonly<Partial<Record<NodeJS.Architecture, Architecture>>> = {
  x64: {
    audit: 0xc000003e,
    seccomp: 317,
    foreignFrom: 0x40000000,
    extra: [172 /* iopl */, 173 /* ioperm */, 320 /* kexec_file_load */],
    numbers: {
      ...shared,
      socket: 41,
      clone: 56,
      unshare: 272,
      ioctl: 16,
      setns: 308,
      mount: 165,
      umount2: 166,
      pivot_root: 155,
      bpf: 321,
      perf_event_open: 298,
      kexec_load: 246,
      init_module: 175,
      finit_module: 313,
      delete_module: 176,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      open_by_handle_at: 304,
      userfaultfd: 323,
      swapon: 167,
      swapoff: 168,
      reboot: 169,
      acct: 163,
      quotactl: 179,
    },
  },
  arm64: {
    audit: 0xc00000b7,
    seccomp: 277,
    foreignFrom: undefined,
    extra: [294 /* kexec_file_load */],
    numbers: {
      ...shared,
      socket: 198,
      clone: 220,
      unshare: 97,
      ioctl: 29,
      setns: 268,
      mount: 40,
      umount2: 39,
      pivot_root: 41,
      bpf: 280,
      perf_event_open: 241,
      kexec_load: 104,
      init_module: 105,
      finit_module: 273,
      delete_module: 106,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      open_by_handle_at: 265,
      userfaultfd: 282,
      swapon: 224,
      swapoff: 225,
      reboot: 142,
      acct: 89,
      quotactl: 60,
    },
  },
}

/** The number of seccomp(2) itself, or undefined where no filter is written for the architecture. */
export function seccompNumber(architecture: NodeJS.Architecture): number | undefined {
  return architectures[architecture]?.seccomp
}

/** The filter as an array of `struct sock_filter`, 8 bytes each; undefined where none is written. */
export function buildFilter(architecture: NodeJS.Architecture): Buffer | undefined {
  const target = architectures[architecture]
  if (target === undefined) return undefined
  const { numbers } = target
  const program: Instruction[] = [
    [LOAD, 0, 0, architectureOffset],
    [JUMP_EQUAL, 1, 0, target.audit],
    [RETURN, 0, 0, refuse(ENOSYS)],
    [LOAD, 0, 0, numberOffset],
  ]
  if (target.foreignFrom !== undefined) {
    program.push([JUMP_AT_LEAST, 0, 1, target.foreignFrom], [RETURN, 0, 0, refuse(ENOSYS)])
  }
  program.push(...onCall(numbers.socket, socketRules))
  program.push(...onCall(numbers.clone, newNamespaceRules), ...onCall(numbers.unshare, newNamespaceRules))
  program.push(...onCall(numbers.ioctl, terminalInputRules))
  program.push(...onCall(numbers.clone3, [[RETURN, 0, 0, refuse(ENOSYS)]]))
  for (const number of [...refusedCalls.map((name) => numbers[name]), ...target.extra]) {
    program.push(...onCall(number, [[RETURN, 0, 0, refuse(EPERM)]]))
  }
  program.push([RETURN, 0, 0, ALLOW])
  return encode(program)
}

/** Runs `rules`, which end in a return, when the loaded number is `number`. */
function onCall(number: number, rules: readonly Instruction[]): readonly Instruction[] {
  return [[JUMP_EQUAL, 0, rules.length, number], ...rules]
}

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16
const SOCK_RAW = 3
const NETLINK_ROUTE = 0

/** Unix and internet sockets that are not raw, and netlink for reading routes and addresses. */
const socketRules: readonly Instruction[] = [
  [LOAD, 0, 0, lowHalfOfArgument(0)],
  [JUMP_EQUAL, 9, 0, AF_UNIX],
  [JUMP_EQUAL, 4, 0, AF_INET],
  [JUMP_EQUAL, 3, 0, AF_INET6],
  [JUMP_EQUAL, 0, 7, AF_NETLINK],
  [LOAD, 0, 0, lowHalfOfArgument(2)],
  [JUMP_EQUAL, 4, 6, NETLINK_ROUTE],
  [LOAD, 0, 0, lowHalfOfArgument(1)],
  [AND, 0, 0, 0xf],
  [JUMP_EQUAL, 0, 1, SOCK_RAW],
  [RETURN, 0, 0, refuse(EPERM)],
  [RETURN, 0, 0, ALLOW],
  [RETURN, 0, 0, refuse(EAFNOSUPPORT)],
  [RETURN, 0, 0, refuse(EPROTONOSUPPORT)],
]

/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. NEWTIME shares its bit with clone's exit signal. */
const newNamespaceFlags = 0x7e020000

const newNamespaceRules: readonly Instruction[] = [
  [LOAD, 0, 0, lowHalfOfArgument(0)],
  [JUMP_ANY_BIT, 0, 1, newNamespaceFlags],
  [RETURN, 0, 0, refuse(EPERM)],
  [RETURN, 0, 0, ALLOW],
]

const TIOCSTI = 0x5412
const TIOCLINUX = 0x541c

/** Pushing characters into the terminal would type commands into the shell outside. The kernel reads 32 bits of the request. */
const terminalInputRules: readonly Instruction[] = [
  [LOAD, 0, 0, lowHalfOfArgument(1)],
  [JUMP_EQUAL, 1, 0, TIOCSTI],
  [JUMP_EQUAL, 0, 1, TIOCLINUX],
  [RETURN, 0, 0, refuse(EPERM)],
  [RETURN, 0, 0, ALLOW],
]

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8)
  for (const [index, [code, ifTrue, ifFalse, operand]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(ifTrue, index * 8 + 2)
    bytes.writeUInt8(ifFalse, index * 8 + 3)
    bytes.writeUInt32LE(operand >>> 0, index * 8 + 4)
  }
  return bytes
}
