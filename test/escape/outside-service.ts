import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'

/** A service of the outside on a Unix socket (`\0` first: abstract), which greets and remembers who came. */
export interface OutsideService {
  visits(): number
  close(): void
}

export async function openService(path: string): Promise<OutsideService> {
  let visits = 0
  const server: Server = createServer((socket) => {
    visits++
    socket.on('error', () => undefined)
    socket.end('witness')
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  if (!path.startsWith('\0')) chmodSync(path, 0o777)
  return {
    visits: () => visits,
    close: () => {
      server.close()
      if (!path.startsWith('\0')) rmSync(path, { force: true })
    },
  }
}
