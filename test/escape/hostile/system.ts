import koffi from 'koffi'

const library = koffi.load(null)

/** The C library's calls, raw: -1 is a refusal. */
export const libc = {
  socket: library.func('socket', 'int', ['int', 'int', 'int']),
  connect: library.func('connect', 'int', ['int', 'void *', 'uint']),
  sendto: library.func('sendto', 'int', ['int', 'void *', 'size_t', 'int', 'void *', 'uint']),
  setns: library.func('setns', 'int', ['int', 'int']),
  ptrace: library.func('ptrace', 'long', ['long', 'int', 'long', 'long']),
  ioctl: library.func('ioctl', 'int', ['int', 'ulong', 'void *']),
  mount: library.func('mount', 'int', ['str', 'str', 'str', 'ulong', 'str']),
  umount2: library.func('umount2', 'int', ['str', 'int']),
  mknod: library.func('mknod', 'int', ['str', 'uint', 'ulong']),
  syscall: library.func('syscall', 'long', ['long', 'long', 'void *', 'long', 'long', 'long']),
}

const isArm = process.arch === 'arm64'

const numbers = {
  io_uring_setup: 425,
  clone3: 435,
  keyctl: isArm ? 219 : 250,
  userfaultfd: isArm ? 282 : 323,
  bpf: isArm ? 280 : 321,
  open_tree: 428,
  fsopen: 430,
  perf_event_open: isArm ? 241 : 298,
} as const

/** Makes the system call; what it returns when it is not refused. */
export function trySyscall(
  name: keyof typeof numbers,
  first: number,
  second: Uint8Array | null,
  third = 0,
): string | undefined {
  const result = Number(libc.syscall(numbers[name], first, second, third, 0, 0))
  return result < 0 ? undefined : `${name} = ${result}`
}

export function errnoOf(name: keyof typeof numbers, first: number, second: Uint8Array | null): number {
  return Number(libc.syscall(numbers[name], first, second, 0, 0, 0)) < 0 ? koffi.errno() : 0
}
