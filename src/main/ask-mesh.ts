import { request } from 'node:http'
import { Fault, messageOf } from '#base/fault.ts'

const ANSWER_LIMIT_MS = 5_000

/**
 * What the mesh that listens on an admin socket answers; undefined when none listens. Throws a Fault `mesh/no-answer` when it does not answer,
 * `mesh/failed` when it could not do what it was asked.
 */
export function askMesh(socketPath: string, method: 'GET' | 'POST', path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, timeout: ANSWER_LIMIT_MS }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => {
        const answer: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'))
        if (response.statusCode !== 500) resolve(answer)
        else reject(new Fault('mesh/failed', `the mesh failed: ${(answer as { readonly message: string }).message}`))
      })
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`)))
    asked.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED') resolve(undefined)
      else
        reject(
          new Fault('mesh/no-answer', `the mesh at "${socketPath}" does not answer: ${messageOf(cause)}`, { cause }),
        )
    })
    asked.end()
  })
}
