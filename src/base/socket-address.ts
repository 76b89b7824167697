import { formatHostPort } from './host-port.ts'

/** Where a socket is, or leads: an IP address and a port, or the path of a Unix socket and port 0. */
export class SocketAddress {
  /** IPv4 or IPv6 text without brackets, or a path; "" for none. */
  readonly address: string
  readonly port: number
  /** Made when it is first asked for: logs ask for the same again and again. */
  #text: string | undefined = undefined

  constructor(address: string, port: number) {
    this.address = address
    this.port = port
  }

  /** "1.2.3.4:80", "[::1]:80" or the path: the same for the same place; "" for none. */
  get text(): string {
    this.#text ??= this.port === 0 ? this.address : formatHostPort(this.address, this.port)
    return this.#text
  }
}

export const NO_ADDRESS = new SocketAddress('', 0)
