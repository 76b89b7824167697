import type { Server } from 'node:net'

/** Settles when the server listens; rejects with the reason why it cannot. */
export function listening(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
