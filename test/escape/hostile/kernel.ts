import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Attempt, any } from './attempt.ts'
import { errnoOf, libc, trySyscall } from './system.ts'

function openable(path: string, flags: number): string | undefined {
  closeSync(openSync(path, flags))
  return path
}

function runs(file: string, ...args: readonly string[]): string {
  execFileSync(file, args, {
    stdio: ['ignore', 'ignore', 'ignore'],
    timeout: 5000,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  })
  return [file, ...args].join(' ')
}

const devices = [
  'mem',
  'port',
  'kmsg',
  'kvm',
  'vda',
  'sda',
  'nvme0n1',
  'loop0',
  'fuse',
  'vsock',
  'vhost-vsock',
  'net/tun',
  'btrfs-control',
  'userfaultfd',
]

/** Files through which root, capability or not, changes the machine or makes the kernel start programs outside. */
const knobs = [
  '/proc/sys/kernel/core_pattern',
  '/proc/sys/kernel/modprobe',
  '/proc/sys/net/ipv4/ip_forward',
  '/proc/sysrq-trigger',
  '/sys/kernel/uevent_helper',
  '/sys/power/state',
  '/sys/fs/cgroup/cgroup.procs',
  '/sys/fs/cgroup/memory/release_agent',
  '/sys/fs/cgroup/pids/cgroup.procs',
]

const S_IFBLK = 0o060000
const KEYCTL_JOIN_SESSION_KEYRING = 1
const TIOCSTI = 0x5412

export const kernelAttempts: Readonly<Record<string, Attempt>> = {
  devices: () => any(...devices.map((name) => () => openable(`/dev/${name}`, constants.O_RDONLY))),
  'new-device': ({ directory }) => {
    const path = join(directory, `node-${process.pid}`)
    if (libc.mknod(path, S_IFBLK | 0o600, (254 << 8) | 0) !== 0) return undefined
    unlinkSync(path)
    return path
  },
  'kernel-knobs': () => any(...knobs.map((path) => () => openable(path, constants.O_WRONLY))),
  'join-namespace': ({ victimPid }) => {
    const pids = [
      victimPid,
      ...readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number),
    ]
    const CLONE_NEWNET = 0x40000000
    return any(
      ...pids.map((pid) => () => {
        if (pid === process.pid) return undefined
        const descriptor = openSync(`/proc/${pid}/ns/net`, 'r')
        return libc.setns(descriptor, CLONE_NEWNET) === 0 ? `setns(net of ${pid})` : undefined
      }),
    )
  },
  'new-user-namespace': () => runs('unshare', '--user', 'true'),
  'new-namespaces': () =>
    any(
      () => runs('unshare', '--mount', 'true'),
      () => runs('unshare', '--net', 'true'),
      () => runs('unshare', '--pid', '--fork', 'true'),
    ),
  /** Senseless arguments: any answer but "there is no such call" means that the kernel looked at them. */
  clone3: () => {
    const ENOSYS = 38
    return errnoOf('clone3', 0, null) === ENOSYS ? undefined : 'clone3'
  },
  mounts: ({ directory }) =>
    any(
      () =>
        libc.mount('tmpfs', directory, 'tmpfs', 0, null) === 0 && libc.umount2(directory, 0) === 0
          ? 'mount'
          : undefined,
      () => trySyscall('fsopen', 0, Buffer.from('tmpfs\0')),
    ),
  uncover: () =>
    any(
      ...['/etc/resolv.conf', '/run', '/dev', '/proc/sys'].map(
        (path) => () => (libc.umount2(path, 2) === 0 ? `umount ${path}` : undefined),
      ),
    ),
  'firewall-rules': () =>
    any(
      () => runs('nft', 'add', 'table', 'inet', 'escape'),
      () => runs('nft', 'list', 'ruleset'),
    ),
  routes: () =>
    any(
      () => runs('ip', 'addr', 'add', '10.9.9.9/32', 'dev', 'lo'),
      () => runs('ip', 'link', 'add', 'escape0', 'type', 'dummy'),
    ),
  'resolver-file': () => {
    writeFileSync('/etc/resolv.conf', '', { flag: 'a' })
    return '/etc/resolv.conf'
  },
  keyring: () => trySyscall('keyctl', KEYCTL_JOIN_SESSION_KEYRING, null),
  bpf: () =>
    trySyscall('bpf', 0, Buffer.concat([Buffer.from(Uint32Array.of(2, 4, 4, 1).buffer), Buffer.alloc(56)]), 72),
  'terminal-input': () => {
    const high = 2 ** 32
    return any(
      ...[TIOCSTI, high + TIOCSTI].map(
        (request) => () => (libc.ioctl(0, request, Buffer.from(' ')) === 0 ? 'TIOCSTI' : undefined),
      ),
    )
  },
}
