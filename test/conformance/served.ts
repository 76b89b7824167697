import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { PushOutcome, ResourceSource } from '#xds/resource-set.ts'
import { AdsServer } from '#xds/server/ads-server.ts'
import { InMemorySource } from './in-memory-source.ts'

export interface Served {
  readonly address: { readonly path: string }
  readonly source: InMemorySource
  readonly outcomes: readonly PushOutcome[]
  /** What was told of clients: "came", "settled VERSION", "left". */
  readonly clients: readonly string[]
  readonly server: AdsServer
  /** Ends the server and starts another on the same socket. */
  restart(): Promise<void>
}

/** Serves a source on a Unix socket of its own until the test ends. */
export async function serve(
  context: TestContext,
  options: { readonly maxRequestBytes?: number; readonly wrap?: (source: ResourceSource) => ResourceSource } = {},
): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-ads-'))
  const address = { path: join(directory, 'xds') }
  const source = new InMemorySource()
  const outcomes: PushOutcome[] = []
  const clients: string[] = []
  const start = async () => {
    const { wrap = (plain: ResourceSource) => plain, ...limits } = options
    const server = new AdsServer({
      source: wrap(source),
      onOutcome: (outcome) => outcomes.push(outcome),
      onClient: (kind, { settledVersion }) => clients.push(kind === 'settled' ? `settled ${settledVersion}` : kind),
      ...limits,
    })
    await server.listen(address)
    return server
  }
  let server = await start()
  context.after(async () => {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    address,
    source,
    outcomes,
    clients,
    get server() {
      return server
    },
    restart: async () => {
      await server.close()
      server = await start()
    },
  }
}

/** Resolves when `condition` holds; fails with what it last said after 5 s. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`within 5 s it was never so that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
