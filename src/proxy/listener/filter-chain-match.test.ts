import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import type { Cidr, FilterChain, FilterChainMatch, Listener } from '#proxy/config/model.ts'
import { listenerOf, tcpChainOf } from '#test/proxy-config.ts'
import { type ConnectionFacts, compileListener, matchFilterChain } from './filter-chain-match.ts'

const FACTS: ConnectionFacts = {
  dstIp: '91.198.174.192',
  dstPort: 443,
  serverName: '',
  transportProtocol: 'raw_buffer',
  applicationProtocols: [],
}

function matchName(chains: readonly FilterChain[], facts: Partial<ConnectionFacts>, fallback = 'default'): string {
  const listener = listenerOf('l', '0.0.0.0', 443, {
    filterChains: chains,
    defaultFilterChain: fallback === '' ? undefined : tcpChainOf(fallback, fallback),
  })
  return matchFilterChain(compileListener(listener), { ...FACTS, ...facts })?.name ?? 'none'
}

test('an exact server name wins over a wildcard, the longest wildcard over shorter ones, and any over none', () => {
  const chains = [
    tcpChainOf('none', 'c'),
    tcpChainOf('org', 'c', { serverNames: ['*.org'] }),
    tcpChainOf('wikipedia', 'c', { serverNames: ['*.wikipedia.org'] }),
    tcpChainOf('www', 'c', { serverNames: ['www.wikipedia.org'] }),
  ]
  assert.equal(matchName(chains, { serverName: 'www.wikipedia.org' }), 'www')
  assert.equal(matchName(chains, { serverName: 'de.wikipedia.org' }), 'wikipedia')
  assert.equal(matchName(chains, { serverName: 'a.b.wikipedia.org' }), 'wikipedia')
  assert.equal(matchName(chains, { serverName: 'wikipedia.org' }), 'org')
  assert.equal(matchName(chains, { serverName: 'example.com' }), 'none')
  assert.equal(matchName(chains, {}), 'none')
})

test('the longest prefix wins, and there is no way back from it', () => {
  const chains = [
    tcpChainOf('wide', 'c', { prefixRanges: [{ address: '91.198.0.0', prefixLength: 16 }] }),
    tcpChainOf('narrow', 'c', {
      prefixRanges: [{ address: '91.198.174.192', prefixLength: 27 }],
      serverNames: ['www.wikipedia.org'],
    }),
  ]
  assert.equal(matchName(chains, { dstIp: '91.198.1.1' }), 'wide')
  assert.equal(matchName(chains, { serverName: 'www.wikipedia.org' }), 'narrow')
  assert.equal(matchName(chains, { serverName: 'other' }), 'default')
  assert.equal(matchName(chains, { dstIp: '10.0.0.1' }), 'default')
})

test('a chain for the port hides chains for any port', () => {
  const chains = [
    tcpChainOf('any', 'c'),
    tcpChainOf('blackhole', 'c', { destinationPort: 15_001, transportProtocol: 'tls' }),
  ]
  assert.equal(matchName(chains, { dstPort: 15_001, transportProtocol: 'tls' }), 'blackhole')
  assert.equal(matchName(chains, { dstPort: 15_001 }), 'default')
  assert.equal(matchName(chains, {}), 'any')
})

test("application protocols are taken in the client's order", () => {
  const chains = [
    tcpChainOf('http', 'c', { transportProtocol: 'raw_buffer', applicationProtocols: ['http/1.1', 'h2c'] }),
    tcpChainOf('h2', 'c', { transportProtocol: 'tls', applicationProtocols: ['h2'] }),
    tcpChainOf('h1', 'c', { transportProtocol: 'tls', applicationProtocols: ['http/1.1'] }),
  ]
  assert.equal(matchName(chains, { applicationProtocols: ['http/1.1'] }), 'http')
  assert.equal(matchName(chains, { applicationProtocols: ['http/1.0'] }), 'default')
  assert.equal(matchName(chains, { transportProtocol: 'tls', applicationProtocols: ['http/1.1', 'h2'] }), 'h1')
})

test('IPv6 prefixes match IPv6 destinations only', () => {
  const chains = [tcpChainOf('v6', 'c', { prefixRanges: [{ address: '2001:db8::', prefixLength: 32 }] })]
  assert.equal(matchName(chains, { dstIp: '2001:db8::7' }), 'v6')
  assert.equal(matchName(chains, { dstIp: '32.1.13.184' }), 'default')
})

test('without a match and without a default chain there is none', () => {
  assert.equal(matchName([tcpChainOf('x', 'c', { serverNames: ['x'] })], {}, ''), 'none')
})

/** Envoy's documented algorithm, written as filtering: at each step keep the chains whose criterion is the most specific match. */
function referenceMatch(listener: Listener, facts: ConnectionFacts): FilterChain | undefined {
  let chains = [...listener.filterChains]
  const keepBest = (score: (match: FilterChainMatch) => number) => {
    const best = Math.max(...chains.map((chain) => score(chain.match)))
    chains = best < 0 ? [] : chains.filter((chain) => score(chain.match) === best)
  }
  keepBest((match) => (match.destinationPort === undefined ? 0 : match.destinationPort === facts.dstPort ? 1 : -1))
  keepBest((match) => Math.max(...prefixScores(match.prefixRanges, facts.dstIp)))
  keepBest((match) => Math.max(...serverNameScores(match.serverNames, facts.serverName)))
  keepBest((match) =>
    match.transportProtocol === undefined ? 0 : match.transportProtocol === facts.transportProtocol ? 1 : -1,
  )
  keepBest((match) => {
    if (match.applicationProtocols.length === 0) return 0
    const places = match.applicationProtocols.map((protocol) => facts.applicationProtocols.indexOf(protocol))
    const found = places.filter((place) => place >= 0)
    return found.length === 0 ? -1 : 1000 - Math.min(...found)
  })
  return chains[0] ?? listener.defaultFilterChain
}

function prefixScores(ranges: readonly Cidr[], ip: string): number[] {
  if (ranges.length === 0) return [0]
  const address = ipaddr.parse(ip)
  return ranges.map((range) => {
    const network = ipaddr.parse(range.address)
    return network.kind() === address.kind() && address.match(network, range.prefixLength) ? range.prefixLength : -1
  })
}

function serverNameScores(names: readonly string[], serverName: string): number[] {
  if (names.length === 0) return [0]
  return names.map((name) => {
    if (name === serverName) return 1000
    return name.startsWith('*.') && serverName.endsWith(name.slice(1)) && serverName.length >= name.length
      ? name.length
      : -1
  })
}

test('any listener matches any connection as the naive reference does', () => {
  const name = fc.constantFrom('a.b.c', 'x.b.c', 'b.c', 'c', '*.b.c', '*.c', '*.a.b.c')
  const cidr = fc.constantFrom<Cidr>(
    { address: '10.0.0.0', prefixLength: 8 },
    { address: '10.1.0.0', prefixLength: 16 },
    { address: '10.1.2.3', prefixLength: 32 },
    { address: '0.0.0.0', prefixLength: 0 },
    { address: 'fd00::', prefixLength: 8 },
    { address: 'fd00::1', prefixLength: 128 },
  )
  const protocol = fc.constantFrom('http/1.0', 'http/1.1', 'h2c', 'h2')
  const match = fc.record({
    destinationPort: fc.constantFrom(undefined, undefined, 443, 15_001),
    prefixRanges: fc.uniqueArray(cidr, { maxLength: 2 }),
    serverNames: fc.uniqueArray(name, { maxLength: 2 }),
    transportProtocol: fc.constantFrom(undefined, 'tls' as const, 'raw_buffer' as const),
    applicationProtocols: fc.uniqueArray(protocol, { maxLength: 2 }),
  })
  const facts = fc.record<ConnectionFacts>({
    dstIp: fc.constantFrom('10.1.2.3', '10.1.9.9', '10.9.9.9', '192.0.2.1', 'fd00::1', 'fd00::2', '2001:db8::1'),
    dstPort: fc.constantFrom(443, 80, 15_001),
    serverName: fc.constantFrom('', 'a.b.c', 'z.b.c', 'b.c', 'c', 'q.a.b.c'),
    transportProtocol: fc.constantFrom('tls' as const, 'raw_buffer' as const),
    applicationProtocols: fc.uniqueArray(protocol, { maxLength: 3 }),
  })
  fc.assert(
    fc.property(
      fc.array(match, { maxLength: 8 }),
      fc.array(facts, { minLength: 1, maxLength: 8 }),
      (matches, calls) => {
        const listener = listenerOf('l', '0.0.0.0', 443, {
          filterChains: matches.map((fields, i) => tcpChainOf(`chain-${i}`, 'c', fields)),
          defaultFilterChain: tcpChainOf('default', 'c'),
        })
        const compiled = compileListener(listener)
        for (const call of calls) {
          assert.equal(matchFilterChain(compiled, call)?.name, referenceMatch(listener, call)?.name)
        }
      },
    ),
    { numRuns: 2000 },
  )
})
