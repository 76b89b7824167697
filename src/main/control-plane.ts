import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { messageOf } from '#base/fault.ts'
import { createSnapshotSource, type SnapshotSource } from '#control/snapshot/snapshot-source.ts'
import { EGRESS_RULES, openApiSource, SERVICE_ENTRIES } from '#control/source/api-source.ts'
import { FollowReport } from '#control/source/follow-report.ts'
import { StatusReporter } from '#control/status/status-reporter.ts'
import { StatusWriter } from '#control/status/status-writer.ts'
import { UnappliedObjects } from '#control/status/unapplied-objects.ts'
import { Workloads } from '#control/status/workloads.ts'
import type { KubeClient } from '#kube/client/kube-client.ts'
import { AdsServer, type ListenAddress } from '#xds/server/ads-server.ts'
import { MemoryAtRest } from './release-memory.ts'

export interface ControlPlaneOptions {
  readonly client: KubeClient
  /** Where sidecars find it. */
  readonly listen: ListenAddress
  readonly onNotice: (text: string) => void
}

/** A control plane that follows a Kubernetes API: what is there becomes xDS, and what becomes of it is written back as status. */
export interface ControlPlane {
  /** The port when it listens on one, 0 otherwise. */
  readonly port: number
  readonly server: AdsServer
  readonly snapshots: SnapshotSource
  close(): Promise<void>
}

/** Starts one; settles when the API has been read and the server listens. */
export async function startControlPlane({ client, listen, onNotice }: ControlPlaneOptions): Promise<ControlPlane> {
  const report = new FollowReport(onNotice)
  const source = openApiSource({ client, report, onFault: onNotice })
  await source.synced
  const snapshots = createSnapshotSource()
  const writer = new StatusWriter(client, onNotice)
  const clients = () => server.clients()
  const workloads = new Workloads({ client, clients, registrar: registrarOf(listen), onFault: onNotice })
  const reporter = new StatusReporter({
    source,
    snapshots,
    write: (object, status) =>
      writer.write(object.kind === 'EgressRule' ? EGRESS_RULES : SERVICE_ENTRIES, object, status),
    clients,
    isAwaiting: () => workloads.isAwaiting(),
  })
  const memory = new MemoryAtRest()
  const server = new AdsServer({
    source: snapshots,
    onOutcome: (outcome) => {
      if (outcome.kind === 'nack') reporter.refused(outcome.node, outcome.reason)
    },
    onClient: (kind, state) => {
      if (kind === 'came') workloads.came(state)
      else reporter.done(state)
      if (kind === 'left') workloads.left(state)
      if (kind === 'settled') workloads.settled(state)
      memory.touch()
    },
  })
  const update = () => {
    const changed = source.takeChanged()
    try {
      snapshots.update(source.current())
    } catch (thrown) {
      // The last good state stays, and the next change is taken on top of this one.
      onNotice(`the configuration cannot be translated, what was sent last stays in force: ${messageOf(thrown)}`)
      return
    }
    reporter.updated(changed)
    memory.touch()
  }
  await workloads.recall()
  update()
  source.watch(update)
  const port = await server.listen(listen)
  const unapplied = new UnappliedObjects({ client, writer, report })
  return {
    port,
    server,
    snapshots,
    async close() {
      source.close()
      unapplied.close()
      report.close()
      reporter.close()
      workloads.close()
      writer.close()
      await server.close()
    },
  }
}

/** Which control plane of all that may follow one API: that of this machine, at this address. */
function registrarOf(listen: ListenAddress): string {
  const address = 'path' in listen ? listen.path : `${listen.host}:${listen.port}`
  return createHash('sha256').update(`${hostname()}\n${address}`).digest('hex').slice(0, 16)
}
