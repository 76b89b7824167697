/**
 * The load generator of the TCP measurements; prints one JSON object.
 *   node bench/tcp-load.ts round-trips PORT CONNECTIONS SECONDS   {"roundTrips": n}: 64 bytes there and back, one at a time each
 *   node bench/tcp-load.ts bulk PORT BYTES                        {"bytes": n}: one connection, from the source port
 *   node bench/tcp-load.ts idle PORT CONNECTIONS                  {"open": 100}; after a line on stdin {"open": CONNECTIONS}, once
 *     that many are open and used; holds them until stdin ends
 */
import { connect } from 'node:net'

const WARM_UP_CONNECTIONS = 100
const MESSAGE = Buffer.alloc(64, 'x')
const [mode, portText, ...numbers] = process.argv.slice(2)
const port = Number(portText)

function roundTrips(connections: number, seconds: number): void {
  let count = 0
  for (let n = 0; n < connections; n += 1) {
    const socket = connect(port, '127.0.0.1', () => socket.write(MESSAGE))
    socket.setNoDelay(true)
    let left = MESSAGE.length
    socket.on('data', (chunk) => {
      left -= chunk.length
      if (left > 0) return
      left = MESSAGE.length
      count += 1
      socket.write(MESSAGE)
    })
    socket.on('error', fail)
  }
  setTimeout(() => finish({ roundTrips: count }), seconds * 1000)
}

function bulk(bytes: number): void {
  let got = 0
  const count = (size: number): boolean => {
    got += size
    return true
  }
  const buffer = Buffer.alloc(1024 * 1024)
  const socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback: count } }, () =>
    socket.write(`${bytes}\n`),
  )
  socket.on('error', fail)
  socket.on('close', () => (got === bytes ? finish({ bytes: got }) : fail(new Error(`${got} of ${bytes} bytes came`))))
}

function idle(connections: number): void {
  let open = 0
  const openUpTo = (wanted: number): void => {
    for (let n = open; n < wanted; n += 1) {
      const socket = connect(port, process.env.IDLE_HOST ?? '127.0.0.1', () => socket.write(MESSAGE))
      socket.once('data', () => {
        open += 1
        if (open === wanted) console.log(JSON.stringify({ open }))
      })
      socket.on('error', fail)
    }
  }
  openUpTo(WARM_UP_CONNECTIONS)
  process.stdin.once('data', () => openUpTo(connections))
  process.stdin.once('end', () => process.exit())
}

function finish(result: object): never {
  console.log(JSON.stringify(result))
  process.exit()
}

function fail(error: Error): never {
  console.error(`tcp-load: ${error.message}`)
  process.exit(1)
}

if (mode === 'round-trips') roundTrips(numbers.map(Number)[0] ?? 1, numbers.map(Number)[1] ?? 1)
else if (mode === 'bulk') bulk(numbers.map(Number)[0] ?? 0)
else if (mode === 'idle') idle(numbers.map(Number)[0] ?? 0)
else fail(new Error(`no mode "${mode}"`))
