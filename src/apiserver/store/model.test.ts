import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { openStore } from './open-store.ts'
import type { Store, StoredObject, StoreEvent, StoreKey, StoreRange, WriteOutcome } from './store.ts'

const KEPT = 12
const SECRETS = { group: '', plural: 'secrets' }

/** The store as a list of everything that happened. */
class Model {
  readonly events: StoreEvent[] = []

  get revision(): number {
    return this.events.length
  }

  get compacted(): number {
    return Math.max(0, this.events.length - KEPT)
  }

  objectsAt(revision: number, range: StoreRange): readonly StoredObject[] {
    const objects = new Map<string, StoredObject>()
    for (const { kind, object } of this.events.slice(0, revision)) {
      if (kind === 'put') objects.set(JSON.stringify(object.key), object)
      else objects.delete(JSON.stringify(object.key))
    }
    const order = ({ key }: StoredObject) => `${key.namespace}\0${key.name}`
    return [...objects.values()].filter(({ key }) => isIn(range, key)).sort((a, b) => (order(a) < order(b) ? -1 : 1))
  }

  eventsAfter(revision: number, range: StoreRange): readonly StoreEvent[] {
    return this.events.slice(revision).filter(({ object }) => isIn(range, object.key))
  }

  write(key: StoreKey, value: Record<string, unknown> | undefined, when: number | undefined): WriteOutcome {
    const now = this.objectsAt(this.revision, key).find(({ key: { name } }) => name === key.name)
    const isWanted = when === undefined || when === (now?.revision ?? 0)
    if (!isWanted || (value === undefined && now === undefined)) return { kind: 'conflict', now }
    const object = { key, revision: this.revision + 1, value: value ?? now!.value }
    this.events.push(
      value === undefined ? { kind: 'delete', object, before: now! } : { kind: 'put', object, before: now },
    )
    return { kind: 'written', object }
  }
}

function isIn(range: StoreRange, { group, plural, namespace }: StoreKey): boolean {
  const isKind = range.group === group && range.plural === plural
  return isKind && (range.namespace === undefined || range.namespace === namespace)
}

const kind = fc.constantFrom(SECRETS, { group: 'networking.istio.io', plural: 'gateways' })
const namespace = fc.constantFrom('', 'a', 'b', 'a-b')
const key = fc
  .record({ kind, namespace, name: fc.constantFrom('a', 'b', 'c.d', 'c-d', 'B') })
  .map(({ kind, namespace, name }): StoreKey => ({ ...kind, namespace, name }))
const range = fc
  .record({ kind, namespace: fc.option(namespace, { nil: undefined }) })
  .map(({ kind, namespace }): StoreRange => ({ ...kind, namespace }))
const value = fc.dictionary(fc.constantFrom('x', 'y', 'ü', '__proto__'), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 3,
  noNullPrototype: true,
})
const write = fc.record({
  key,
  value: fc.option(value, { nil: undefined, freq: 3 }),
  // What the precondition names: nothing, absence, the revision at the start of the group, or one that is gone.
  when: fc.constantFrom<'any' | 'absent' | 'now' | 'old'>('any', 'any', 'absent', 'now', 'old'),
})
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      writes: fc.array(write, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('list' as const),
      range,
      back: fc.nat(KEPT + 4),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('watch' as const), range, back: fc.nat(KEPT + 4) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
)

/** JSON, as the API reads and writes it: -0 is 0 there. */
const asJson = <T>(data: T): T => JSON.parse(JSON.stringify(data)) as T

async function writeBoth(
  store: Store,
  model: Model,
  writes: readonly (typeof write extends fc.Arbitrary<infer T> ? T : never)[],
) {
  const whens = writes.map(({ key, when }) => {
    if (when === 'any') return undefined
    if (when === 'absent') return 0
    return when === 'now' ? (store.get(key)?.revision ?? 0) : Math.max(1, model.revision - 3)
  })
  const promises = writes.map(({ key, value }, index) =>
    value === undefined ? store.delete(key, whens[index]) : store.put(key, value, whens[index]),
  )
  const expected = writes.map(({ key, value }, index) => model.write(key, value && asJson(value), whens[index]))
  assert.deepEqual(await Promise.all(promises), expected)
}

/** All pages of a listing of a state, the first of which is read from the present when it is the newest. */
function listBoth(store: Store, model: Model, range: StoreRange, revision: number, limit: number) {
  const beginning = { ...range, namespace: '', name: '' }
  const listed: StoredObject[] = []
  let from: { after: StoreKey; revision: number } | undefined = { after: beginning, revision }
  const expected = model.objectsAt(revision, range)
  while (from !== undefined) {
    const page = store.list(range, limit, from)
    listed.push(...page.objects)
    assert.equal(page.revision, revision)
    assert.equal(page.remaining, expected.length - listed.length)
    from = page.next
  }
  assert.deepEqual(listed, expected)
}

test('a store shows what a list of all that happened shows', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'postern-model-'))
  t.after(() => rmSync(root, { recursive: true }))
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24, size: 'max' }), async (steps) => {
      const options = {
        directory: join(root, String(run++)),
        encrypted: { keyFile: join(root, 'key'), kinds: [SECRETS] },
        history: { events: KEPT, bytes: 1 << 20 },
      }
      const model = new Model()
      let store = openStore(options)
      let watches: { readonly told: StoreEvent[]; readonly range: StoreRange; readonly from: number }[] = []
      const judgeWatches = () => {
        for (const { told, range, from } of watches) assert.deepEqual(told, model.eventsAfter(from, range))
      }
      try {
        for (const one of steps) {
          if (one.do === 'write') await writeBoth(store, model, one.writes)
          if (one.do === 'list' || one.do === 'watch') {
            const revision = Math.max(0, model.revision - one.back)
            const act = () => {
              if (one.do === 'list') return listBoth(store, model, one.range, revision, one.limit)
              const told: StoreEvent[] = []
              store.watch(one.range, revision, (event) => told.push(event))
              watches.push({ told, range: one.range, from: revision })
            }
            if (revision < model.compacted) assert.throws(act, { code: 'store/compacted' })
            else act()
          }
          if (one.do === 'reopen') {
            judgeWatches()
            watches = []
            await store.close()
            store = openStore(options)
          }
          assert.equal(store.revision, model.revision)
        }
        judgeWatches()
      } finally {
        await store.close()
        rmSync(options.directory, { recursive: true })
      }
    }),
    { numRuns: 40 },
  )
})
