import { existsSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Attempt, any } from './attempt.ts'
import { libc } from './system.ts'

/** What the outside's service greets with. */
function greeting(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk.toString()
    })
    socket.on('error', () => resolve(undefined))
    socket.on('close', () => resolve(heard.includes('witness') ? `unix ${path.replace('\0', '@')}` : undefined))
    socket.setTimeout(1500, () => socket.destroy())
  })
}

const AF_UNIX = 1
const SOCK_DGRAM = 2

/** Sends a datagram to a path; Node has no Unix datagram sockets. */
function datagram(path: string): string | undefined {
  const address = Buffer.alloc(110)
  address.writeUInt16LE(AF_UNIX, 0)
  address.write(path, 2)
  const descriptor = libc.socket(AF_UNIX, SOCK_DGRAM, 0)
  const sent = libc.sendto(descriptor, Buffer.from('witness?'), 8, 0, address, 3 + path.length)
  return sent < 0 ? undefined : `unix datagram ${path}`
}

export const unixAttempts: Readonly<Record<string, Attempt>> = {
  'abstract-socket': ({ directory }) => greeting(`\0${directory}`),
  'path-socket': ({ directory }) => greeting(join(directory, 'before.sock')),
  'path-datagram': ({ directory }) => datagram(join(directory, 'before-datagram.sock')),
  'run-socket': ({ directory }) => greeting(join('/run', directory.replaceAll('/', '-'))),
  'late-path-socket': async ({ directory }) => {
    while (!existsSync(join(directory, 'after.ready'))) await sleep(50)
    return greeting(join(directory, 'after.sock'))
  },
  'recreated-path-socket': async ({ directory }) => {
    while (!existsSync(join(directory, 'after.ready'))) await sleep(50)
    return greeting(join(directory, 'before.sock'))
  },
  'path-socket-by-another-name': ({ directory }) => {
    const path = join(directory, 'before.sock')
    const other = join(directory, `other-${process.pid}`)
    return any(
      () => {
        linkSync(path, other)
        return greeting(other)
      },
      () => {
        symlinkSync(path, `${other}-link`)
        return greeting(`${other}-link`)
      },
      () => greeting(`/proc/self/root${path}`),
      () => {
        const moved = `${directory}-moved`
        renameSync(directory, moved)
        return greeting(join(moved, 'before.sock')).finally(() => renameSync(moved, directory))
      },
      () => {
        libc.umount2(path, 2)
        return greeting(path)
      },
    )
  },
  /** Not an attempt to get out: a program's own sockets have to work. Says so when they do not. */
  'own-socket': async ({ directory }) => {
    const own = join(directory, `own-${process.pid}`)
    mkdirSync(own, { recursive: true })
    const server = createServer((socket) => socket.end('witness'))
    await new Promise<void>((resolve) => server.listen(join(own, 's.sock'), resolve))
    // Longer than the interval at which late sockets of the host are looked for.
    await sleep(600)
    const heard = await greeting(join(own, 's.sock'))
    server.close()
    rmSync(own, { recursive: true, force: true })
    return heard
  },
  'unlink-and-look': ({ directory }) => {
    const path = join(directory, 'before.sock')
    unlinkSync(path)
    return `removed ${path}`
  },
}
