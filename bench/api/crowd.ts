/**
 * A crowd of clients in one process, told by its parent over IPC whom to wait for:
 *   node bench/api/crowd.ts proxies SOCKET COUNT        xDS clients that take and acknowledge what they are sent
 *   node bench/api/crowd.ts sidecars SOCKET COUNT       the same with the whole configuration compiled, as a sidecar does
 *   node bench/api/crowd.ts watchers KUBECONFIG COUNT   watches of all service entries
 * Says {"kind": "ready"} when all have what there is, and {"kind": "seen", "name"} when the last one has seen an object named NAME: the proxies have its listener,
 * which comes when its cluster is there.
 */

import { SERVICE_ENTRIES } from '#control/source/api-source.ts'
import { KubeClient } from '#kube/client/kube-client.ts'
import { loadKubeconfig } from '#kube/client/kubeconfig.ts'
import { sidecarNode } from '#main/sidecar-node.ts'
import { ConfigSubscriber } from '#proxy/config/config-subscriber.ts'
import { AdsClient } from '#xds/client/ads-client.ts'
import type { NodeIdentity } from '#xds/resource-set.ts'
import { LISTENER_TYPE, NAME_TABLE_TYPE } from '#xds/type-url.ts'

const [mode = '', place = '', countText = '1'] = process.argv.slice(2)
const count = Number(countText)
const seenBy = new Map<string, number>()
let ready = 0

function tell(message: object): void {
  process.send?.(message)
}

/** One of the crowd has everything. */
function arrived(): void {
  ready += 1
  if (ready === count) tell({ kind: 'ready' })
}

function saw(name: string): void {
  const seen = (seenBy.get(name) ?? 0) + 1
  seenBy.set(name, seen)
  if (seen === count) tell({ kind: 'seen', name })
}

function node(index: number): NodeIdentity {
  return sidecarNode({ name: `bench-${index}`, namespace: 'default' }, {})
}

/** The cluster that the listener of one of the changes leads to. */
const CLUSTER = /outbound\|443\|\|bench-\w+\.example\.com/

/** "outbound|443||bench-7.example.com" is of the object bench-7. */
function objectOf(cluster: string): string {
  const [, , , host = ''] = cluster.split('|')
  return host.slice(0, host.indexOf('.'))
}

function proxy(index: number): void {
  let complete = false
  new AdsClient({
    address: { path: place },
    node: node(index),
    apply({ typeUrl, changed }) {
      if (typeUrl === LISTENER_TYPE && complete)
        for (const { value } of changed) {
          const [cluster] = CLUSTER.exec(Buffer.from(value).toString('latin1')) ?? []
          if (cluster !== undefined) saw(objectOf(cluster))
        }
      // Names come last.
      if (typeUrl === NAME_TABLE_TYPE && !complete) {
        complete = true
        arrived()
      }
      return []
    },
  })
}

function sidecar(index: number): void {
  const known = new Set<string>()
  let complete = false
  new ConfigSubscriber({
    address: { path: place },
    node: node(index),
    onConfig({ listeners }) {
      for (const { name, filterChains } of listeners.values()) {
        if (known.has(name)) continue
        known.add(name)
        const [chain] = filterChains
        if (!complete || chain?.terminal.kind !== 'tcp_proxy') continue
        const [{ name: cluster }] = chain.terminal.clusters
        if (CLUSTER.test(cluster)) saw(objectOf(cluster))
      }
      if (!complete) arrived()
      complete = true
    },
  })
}

/** Each on a connection of its own; one shakes hands after the other. */
async function watchers(): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const client = new KubeClient(loadKubeconfig({ paths: [place] }))
    const listed = await client.list(SERVICE_ENTRIES, { namespace: 'nobody' })
    if (listed.kind === 'refused') throw new Error(listed.refusal.message)
    const { resourceVersion } = listed.value
    void client.watch(SERVICE_ENTRIES, { resourceVersion }, (event) => {
      if (event.kind === 'added') saw(event.object.metadata.name)
    })
    arrived()
  }
}

if (mode === 'watchers') void watchers()
else for (let index = 0; index < count; index += 1) (mode === 'proxies' ? proxy : sidecar)(index)
process.on('disconnect', () => process.exit())
