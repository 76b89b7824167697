import { SocketAddress } from '#base/socket-address.ts'

/** One address that a cluster's connections may go to: a host may be gone from its cluster and still be in use. Pools are kept by its `text`. */
export class Host extends SocketAddress {
  /** The endpoint's host name where the address is an answer of DNS; otherwise the address. */
  readonly hostname: string
  /** 1 or more */
  readonly weight: number
  /** Requests (HTTP) or connections (TCP) under way. Whoever picked the host adds one and takes it off again. */
  active = 0

  constructor(address: string, port: number, hostname = address, weight = 1) {
    super(address, port)
    this.hostname = hostname
    this.weight = weight
  }
}
