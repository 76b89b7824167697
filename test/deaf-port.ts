import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'

/** Listens, then sleeps: nothing is ever accepted. */
const DEAF = `
const { parentPort, workerData } = require('node:worker_threads')
const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  setImmediate(() => Atomics.wait(new Int32Array(workerData), 0, 0))
})`

/** A port on 127.0.0.1 whose backlog is full: connections to it are neither accepted nor refused. */
export async function deafPort(t: TestContext): Promise<number> {
  const gate = new SharedArrayBuffer(4)
  const worker = new Worker(DEAF, { eval: true, workerData: gate })
  const [port] = (await once(worker, 'message')) as [number]
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  t.after(async () => {
    for (const filler of fillers) filler.destroy()
    Atomics.notify(new Int32Array(gate), 0)
    await worker.terminate()
  })
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')))
  return port
}
