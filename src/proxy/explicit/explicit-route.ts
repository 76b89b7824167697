import { isIP } from 'node:net'
import { addressText, canonicalAddress } from '#base/ip-address.ts'
import { SocketAddress } from '#base/socket-address.ts'
import type { ProxyConfig } from '#proxy/config/model.ts'
import type { Connection } from '#proxy/connection/connection.ts'
import { decide, Matchers } from '#proxy/decision/decide.ts'
import type { Denier } from '#proxy/denial/denier.ts'
import { questionOf, writeQuery } from '#proxy/dns/query.ts'
import { TYPE } from '#proxy/dns/record-type.ts'
import { OUR_UDP_SIZE } from '#proxy/dns/reply.ts'
import type { DnsResponder } from '#proxy/dns/responder.ts'
import { readResponse } from '#proxy/dns/upstream-answer.ts'
import type { DecideTarget, ExplicitDecision, ExplicitTarget } from './explicit-target.ts'

/** What explicit targets are routed with: the sidecar's own parts. */
export interface ExplicitRouteEnv {
  config(): ProxyConfig
  /** Leads the connection to its filters, by the destination in its `info`. */
  dispatch(connection: Connection): void
  readonly dns: DnsResponder
  readonly denier: Denier
}

/**
 * Treats what an explicit client names as if a sealed program had dialled it: the name is asked of the capsule's DNS responder, so
 * that policy, virtual addresses and denials are the same, and the connection goes to the listener of the answer.
 */
export function routeExplicit(env: ExplicitRouteEnv): DecideTarget {
  let matchers = new Matchers(env.config())
  return (target, _connection, answer) => {
    addressOf(env.dns, target.host, (ip) => {
      if (matchers.config !== env.config()) matchers = new Matchers(env.config())
      answer(decideTarget(env, matchers, target, ip))
    })
  }
}

function decideTarget(
  env: ExplicitRouteEnv,
  matchers: Matchers,
  target: ExplicitTarget,
  ip: string | undefined,
): ExplicitDecision {
  const { host, port } = target
  if (ip === undefined && questionOf(withoutRoot(host), TYPE.A) !== undefined)
    return { kind: 'refuse', reason: 'no_address', sentence: `no address is known for ${host}` }
  // What is no name at all is refused like one that nobody may reach.
  if (ip === undefined || !mayLeadSomewhere(matchers, target, ip)) {
    const named = isIP(host) === 0
    const isRequest = target.protocol === 'http'
    const denial = env.denier.deny({
      ip: ip ?? '',
      port,
      host: named ? host : undefined,
      hostKnownBy: !named ? undefined : isRequest ? 'host' : 'connect',
      protocol: isRequest ? 'http' : 'tcp',
    })
    return { kind: 'refuse', reason: denial.reason, sentence: env.denier.sentence(denial) }
  }
  return {
    kind: 'proceed',
    proceed(connection) {
      connection.info.downstreamLocal = new SocketAddress(ip, port)
      env.dispatch(connection)
    },
  }
}

/** False when it is refused whatever the client will speak; else its first bytes decide, as in a capsule. */
function mayLeadSomewhere(matchers: Matchers, { host, port, protocol }: ExplicitTarget, ip: string): boolean {
  const spoken = protocol === 'http' ? (['http'] as const) : (['tls', 'http', 'tcp'] as const)
  return spoken.some((one) => {
    const call = { ip, port, protocol: one, sni: isIP(host) === 0 ? host : '', authority: host }
    return decide(matchers, call).verdict === 'allow'
  })
}

/** The first address that a program in a capsule would be told, IPv4 before IPv6. */
function addressOf(dns: DnsResponder, host: string, take: (ip: string | undefined) => void): void {
  const name = withoutRoot(host)
  if (isIP(host) !== 0) take(canonicalAddress(host))
  else askFor(dns, name, TYPE.A, (ip) => (ip === undefined ? askFor(dns, name, TYPE.AAAA, take) : take(ip)))
}

/** "example.com." is "example.com". */
function withoutRoot(name: string): string {
  return name.replace(/\.$/, '')
}

function askFor(dns: DnsResponder, name: string, type: number, take: (ip: string | undefined) => void): void {
  const question = questionOf(name, type)
  if (question === undefined) {
    take(undefined)
    return
  }
  dns.answer(writeQuery(0, question, OUR_UDP_SIZE), 'tcp', (bytes) => {
    const response = readResponse(bytes, 0, question)
    const [address] = response.kind === 'answer' ? response.answer.addresses : []
    take(address === undefined ? undefined : addressText(address))
  })
}
