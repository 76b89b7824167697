import type { Writable } from 'node:stream'
import type { HostView } from './filesystem-plan.ts'
import { readPathSockets } from './unix-sockets.ts'

const intervalMs = 200

/**
 * Hides path sockets that the host's services open while the program runs. The look is repeated every 200 ms, which is
 * how long a new socket outside of the covered directories can be seen (docs/security.md).
 */
export class LateSockets {
  readonly #host: HostView
  readonly #warden: Writable
  readonly #timer: NodeJS.Timeout

  /** `warden` takes paths, one a line, and covers them inside. */
  constructor(host: HostView, warden: Writable) {
    this.#host = host
    this.#warden = warden
    this.#timer = setInterval(() => this.#look(), intervalMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    for (const path of this.#host.newSockets(readPathSockets())) this.#warden.write(`${path}\n`)
  }
}
