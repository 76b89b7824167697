import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Attempt } from './attempt.ts'

const bombSize = 700
const connectionCount = 10_000
const datagramCount = 50_000

/** Starts processes until one is refused. */
async function forkBomb(): Promise<string | undefined> {
  const children: ChildProcess[] = []
  let refusals = 0
  for (let count = 0; count < bombSize && refusals === 0; count++) {
    try {
      const child = spawn('sleep', ['20'], { stdio: 'ignore' })
      child.on('error', () => refusals++)
      children.push(child)
    } catch {
      refusals++
    }
    if (count % 10 === 0) await sleep(1)
  }
  for (const child of children) child.kill('SIGKILL')
  return refusals === 0 ? `${bombSize} processes` : undefined
}

/** Opens connections and leaves them; tells how many there were at a time. Never a way out: it returns undefined. */
async function silentConnections(): Promise<undefined> {
  const sockets: Socket[] = []
  let opened = 0
  for (let count = 0; count < connectionCount; count++) {
    const socket = connect({ host: `203.0.113.${count % 250}`, port: 1000 + (count % 1000) })
    socket.on('connect', () => opened++)
    socket.on('error', () => undefined)
    sockets.push(socket)
    if (count % 200 === 0) await sleep(5)
  }
  await sleep(1000)
  process.stdout.write(`opened ${opened}\n`)
  for (const socket of sockets) socket.destroy()
}

/** Floods the resolver, then asks once more. */
async function dnsFlood(): Promise<undefined> {
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  let answers = 0
  socket.on('message', () => answers++)
  for (let count = 0; count < datagramCount; count++) {
    socket.send(Buffer.from([count >> 8, count, 1, 0]), 53, '203.0.113.53', () => undefined)
    if (count % 1000 === 0) await sleep(1)
  }
  await sleep(1500)
  answers = 0
  for (let again = 0; again < 20 && answers === 0; again++) {
    socket.send(Buffer.from([1, 2, 1, 0]), 53, '203.0.113.53')
    await sleep(100)
  }
  process.stdout.write(answers > 0 ? 'answered\n' : 'silent\n')
  socket.close()
}

export const floodAttempts: Readonly<Record<string, Attempt>> = {
  'fork-bomb': forkBomb,
  'silent-connections': silentConnections,
  'dns-flood': dnsFlood,
}
