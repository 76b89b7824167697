import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EncodedResource } from '#xds/resource-map.ts'
import type { PushOutcome } from '#xds/resource-set.ts'
import { DELTA, DiscoveryStream, type Protocol, SOTW } from '#xds/server/discovery-stream.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { InMemorySource } from './in-memory-source.ts'
import { ModelClient } from './model-client.ts'

// Random histories of changes, subscriptions, slow answers, refusals and reconnections; then the client is let catch up. Whatever
// happened before, it must hold exactly what the server has of what it wants, and must never have been asked twice to take
// the same refused change.
const TYPES = [CLUSTER_TYPE, LISTENER_TYPE, ENDPOINT_TYPE, ROUTE_TYPE] as const
const NAMES = ['a', 'b', 'c', 'd'] as const

const type = fc.constantFrom(...TYPES)
const contents = fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 3 }), { maxKeys: 4 })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), type, contents }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('answer' as const), refuse: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('want' as const), type, names: fc.subarray([...NAMES]) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reconnect' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

class World {
  readonly #source = new InMemorySource()
  readonly #protocol: Protocol
  readonly client: ModelClient
  #stream: DiscoveryStream | undefined
  #resources: Partial<Record<TypeUrl, readonly EncodedResource[]>> = {}
  readonly outcomes: PushOutcome[] = []

  constructor(protocol: Protocol) {
    this.#protocol = protocol
    this.client = new ModelClient(protocol.name)
    this.#source.replace({})
    this.connect()
  }

  connect(): void {
    this.#stream?.close()
    const stream = new DiscoveryStream(this.#protocol, {
      source: this.#source,
      onOutcome: (outcome) => this.outcomes.push(outcome),
      send: (parts) => this.client.receive(Buffer.concat(parts)),
      onSettled: () => {},
    })
    this.#stream = stream
    this.client.connect((bytes) => stream.receive(bytes))
  }

  take(action: Step): void {
    if (action.kind === 'change') {
      const list = Object.entries(action.contents).map(([name, version]) => this.client.encode(name, `${version}`))
      this.#resources = { ...this.#resources, [action.type]: list }
      this.#source.replace(this.#resources)
    } else if (action.kind === 'answer') this.client.answerOne(action.refuse)
    else if (action.kind === 'want') this.client.want(action.type, action.names)
    else this.connect()
  }

  /** Gives a resource that the client wants a version that it never had. */
  changeOneOf(typeUrl: TypeUrl): void {
    const [name = 'a'] = this.client.wanted(typeUrl) ?? []
    const others = (this.#resources[typeUrl] ?? []).filter((resource) => resource.name !== name)
    this.#resources = { ...this.#resources, [typeUrl]: [...others, this.client.encode(name, 'last')] }
    this.#source.replace(this.#resources)
  }

  settle(): void {
    for (let round = 0; round < 1_000; round++) if (!this.client.answerOne(false)) return
    assert.fail('the server did not come to rest within 1,000 responses')
  }

  /** What the client holds; less what it cannot have been told: state of the world has no words for endpoints that are gone. */
  held(typeUrl: TypeUrl): Record<string, string> {
    const held = Object.entries(this.client.held(typeUrl))
    if (this.#protocol === DELTA || this.client.wanted(typeUrl) === undefined) return Object.fromEntries(held)
    const existing = new Set(this.#resources[typeUrl]?.map(({ name }) => name))
    return Object.fromEntries(held.filter(([name]) => existing.has(name)))
  }

  /** What the client should hold: all clusters and listeners, and of the others what it wants. */
  expected(typeUrl: TypeUrl): Record<string, string> {
    const wanted = this.client.wanted(typeUrl)
    const all = this.#resources[typeUrl] ?? []
    return Object.fromEntries(
      all.filter(({ name }) => wanted === undefined || wanted.has(name)).map(({ name, version }) => [name, version]),
    )
  }
}

for (const protocol of [DELTA, SOTW])
  test(`over ${protocol.name}, any history ends with the client holding what the server has`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const world = new World(protocol)
        for (const action of steps) world.take(action)
        world.settle()
        // A refused change is not sent again until something else changes: then all of it is.
        for (const typeUrl of TYPES) world.changeOneOf(typeUrl)
        world.settle()
        for (const typeUrl of TYPES)
          assert.deepEqual(world.held(typeUrl), world.expected(typeUrl), `${typeUrl} is the same on both sides`)
      }),
      { numRuns: 2000 },
    )
  })

for (const protocol of [DELTA, SOTW])
  test(`over ${protocol.name}, a client that is ever slow is consistent after 1,000 changes`, () => {
    const world = new World(protocol)
    world.client.want(ENDPOINT_TYPE, ['a', 'c'])
    for (let i = 0; i < 1_000; i++) {
      const typeUrl = TYPES[i % TYPES.length] as (typeof TYPES)[number]
      world.take({ kind: 'change', type: typeUrl, contents: i % 3 === 0 ? { a: i } : { b: i, c: i } })
      if (i % 7 === 0) world.client.answerOne(false)
    }
    world.settle()
    for (const typeUrl of TYPES) assert.deepEqual(world.held(typeUrl), world.expected(typeUrl))
    assert.ok(world.outcomes.length < 500, `states between are skipped: ${world.outcomes.length} responses`)
  })
