import koffi from 'koffi'
import { addressText } from '#base/ip-address.ts'
import { SocketAddress } from '#base/socket-address.ts'

type GetSockOpt = (fd: number, level: number, option: number, value: Buffer, length: Int32Array) => number

const SOL_IP = 0
const SOL_IPV6 = 41
const SO_ORIGINAL_DST = 80
/** struct sockaddr_in: family, port, address. */
const SOCKADDR_IN_BYTES = 16
/** struct sockaddr_in6: family, port, flow info, address, scope. */
const SOCKADDR_IN6_BYTES = 28

/** Asks the kernel's connection tracking for original destinations: getsockopt(SO_ORIGINAL_DST). */
export class OriginalDestinationLookup {
  private readonly getsockopt: GetSockOpt
  private readonly value = Buffer.alloc(SOCKADDR_IN6_BYTES)
  private readonly length = new Int32Array(1)

  constructor() {
    const libc = koffi.load('libc.so.6')
    this.getsockopt = libc.func('int getsockopt(int, int, int, void *, int *)') as unknown as GetSockOpt
  }

  /**
   * Where the application dialled, before the kernel's redirect.
   * @param fd the accepted socket's descriptor
   * @param ipv6 whether the client is an IPv6 one; IPv4 clients of a socket on "::" are asked for as IPv4
   * @returns undefined when the connection was not redirected
   */
  of(fd: number, ipv6: boolean): SocketAddress | undefined {
    const { value } = this
    this.length[0] = ipv6 ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES
    if (this.getsockopt(fd, ipv6 ? SOL_IPV6 : SOL_IP, SO_ORIGINAL_DST, value, this.length) !== 0) return undefined
    const port = value.readUInt16BE(2)
    return new SocketAddress(addressText(ipv6 ? value.subarray(8, 24) : value.subarray(4, 8)), port)
  }
}
