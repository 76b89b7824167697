import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A Unix socket that has a path, as /proc/net/unix lists it. */
export interface PathSocket {
  readonly path: string
  /** Of the socket, not of the file: it tells a new socket from an old one at the same path. */
  readonly inode: string
}

/** The path sockets of the network namespace of this process. */
export function readPathSockets(): readonly PathSocket[] {
  return parsePathSockets(readFileSync('/proc/net/unix', 'latin1'))
}

/** The path sockets of every network namespace that this user can see: containers share directories with the host. */
export function readPathSocketsEverywhere(): readonly PathSocket[] {
  const seen = new Set<string>()
  const sockets: PathSocket[] = []
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const namespace = readlinkSync(`/proc/${pid}/ns/net`)
      if (seen.has(namespace)) continue
      sockets.push(...parsePathSockets(readFileSync(`/proc/${pid}/net/unix`, 'latin1')))
      seen.add(namespace)
    } catch {
      // Another user's process, or one that has just ended.
    }
  }
  return sockets
}

/** Abstract names (`@...`) and relative paths are left out: the first do not cross a network namespace, the second name no place. */
export function parsePathSockets(text: string): readonly PathSocket[] {
  const sockets: PathSocket[] = []
  for (const line of text.split('\n').slice(1)) {
    const [, inode, path] = /^\S+ \S+ \S+ \S+ \S+ \S+\s+(\d+) (\/.*)$/.exec(line) ?? []
    if (inode !== undefined && path !== undefined) sockets.push({ path: Buffer.from(path, 'latin1').toString(), inode })
  }
  return sockets
}

export function isSocketFile(path: string): boolean {
  try {
    return lstatSync(path).isSocket()
  } catch {
    return false
  }
}
