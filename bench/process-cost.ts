import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks of /proc/PID/stat: 100 a second on every Linux that Node runs on. */
const MS_PER_TICK = 10

/** CPU that a process and its descendants have used so far, all threads, user and system: milliseconds. */
export function cpuMs(pid: number): number {
  return tree(pid).reduce((sum, one) => sum + cpuOf(one), 0)
}

/** Resident memory of a process and its descendants: bytes; pages that they share are counted once. */
export function residentBytes(pid: number): number {
  return tree(pid).reduce((sum, one) => sum + proportionalBytes(one), 0)
}

/** A process and its descendants. */
export function tree(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = Number(statOf(Number(name))?.[1] ?? -1)
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const found = [pid]
  for (const one of found) found.push(...(children.get(one) ?? []))
  return found
}

/** The fields of /proc/PID/stat after the command's name: state, parent, ... */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function cpuOf(pid: number): number {
  const stat = statOf(pid)
  return stat === undefined ? 0 : (Number(stat[11]) + Number(stat[12])) * MS_PER_TICK
}

function proportionalBytes(pid: number): number {
  try {
    const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
    return Number(pss?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
