import { createServer } from 'node:net'
import { listening } from './listening.ts'
import type { ArrivalLog } from './web-server.ts'

/** Sends every byte back, in order, and closes when the client has closed its side. */
export async function startEchoServer(address: string, port: number, log: ArrivalLog): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    log(`tcp ${address}:${port}`)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  await listening(server, port, address)
}

/** Speaks first, as SMTP and MySQL servers do: greets, then sends back what comes. */
export async function startGreetingServer(address: string, port: number, log: ArrivalLog): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    log(`tcp ${address}:${port}`)
    socket.on('error', () => socket.destroy())
    socket.write('220 echo.example.com ready\r\n')
    socket.pipe(socket)
  })
  await listening(server, port, address)
}
