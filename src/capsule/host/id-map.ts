import { readFileSync, writeFileSync } from 'node:fs'
import { Fault, messageOf } from '#base/fault.ts'

/**
 * Gives the user namespace of process `pid` the ids of this one, each mapped to itself, so that files keep their owners.
 * Root maps all ids it has; an ordinary user may map nobody but himself.
 */
export function mapIds(pid: number): void {
  try {
    if (process.getuid?.() === 0 && mapAll(pid)) return
    writeFileSync(`/proc/${pid}/setgroups`, 'deny')
    writeFileSync(`/proc/${pid}/uid_map`, `${process.getuid?.()} ${process.getuid?.()} 1\n`)
    writeFileSync(`/proc/${pid}/gid_map`, `${process.getgid?.()} ${process.getgid?.()} 1\n`)
  } catch (cause) {
    throw new Fault('capsule/id-map', `cannot map user ids into the capsule: ${messageOf(cause)}`, {
      mend: 'postern doctor',
      cause,
    })
  }
}

function mapAll(pid: number): boolean {
  try {
    for (const map of ['gid_map', 'uid_map'])
      writeFileSync(`/proc/${pid}/${map}`, identityOf(readFileSync(`/proc/self/${map}`, 'utf8')))
    return true
  } catch {
    return false
  }
}

/** The ids that exist here (first column, third the count), each as itself. */
function identityOf(map: string): string {
  const ranges = map
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  return ranges.map(([inside, , count]) => `${inside} ${inside} ${count}\n`).join('')
}
