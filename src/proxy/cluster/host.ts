import { formatHostPort } from '#base/host-port.ts'

/** One address that a cluster's connections may go to. Plain values: a host may be gone from its cluster and still be in use. */
export class Host {
  /** IPv4 or IPv6 text, or the path of a Unix socket when `port` is 0. */
  readonly address: string
  readonly port: number
  /** The endpoint's host name where the address is an answer of DNS; otherwise the address. */
  readonly hostname: string
  /** 1 or more */
  readonly weight: number
  /** "ip:port", "[ip]:port" or the path: the same for the same place, so that pools may be kept by it. */
  readonly key: string
  /** Requests (HTTP) or connections (TCP) under way. Whoever picked the host adds one and takes it off again. */
  active = 0

  constructor(address: string, port: number, hostname = address, weight = 1) {
    this.address = address
    this.port = port
    this.hostname = hostname
    this.weight = weight
    this.key = port === 0 ? address : formatHostPort(address, port)
  }
}
