import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { isMap, type Json, labelsAt, listAt, numberAt, stringsAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { listText, selectorText } from '#control/analyze/names.ts'
import { fullNameOf, type Subject } from '#control/analyze/subject.ts'

interface Server {
  readonly gateway: Subject
  readonly index: number
  readonly port: number
  readonly bind: string
  readonly hosts: readonly string[]
}

/** Gateways on the same workloads that serve the same host on the same port (spec 4.7). */
export const conflictingGateways: Analyzer = {
  name: 'gateway.ConflictingGatewayAnalyzer',
  codes: ['IST0145'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const bySelector = Map.groupBy(mesh.ofKind('Gateway'), ({ spec }) => selectorText(labelsAt(spec, 'selector')))
    for (const [selector, gateways] of bySelector) {
      const servers = gateways.flatMap(serversOf)
      for (const server of servers) {
        const rivals = servers.filter((one) => one.gateway !== server.gateway && clash(one, server))
        if (rivals.length === 0) continue
        const names = [...new Set(rivals.map((one) => fullNameOf(one.gateway)))].sort().join(',')
        const text = `Conflict with gateways ${names} (workload selector ${selector}, port ${server.port}, hosts ${listText(server.hosts)}).`
        tell(server.gateway, 'IST0145', text, {
          path: ['spec', 'servers', server.index],
          others: rivals.map((one) => one.gateway),
        })
      }
    }
  },
}

function serversOf(gateway: Subject): readonly Server[] {
  return listAt(gateway.spec, 'servers').flatMap((server, index) => {
    if (!isMap(server)) return []
    const port = numberAt(server, 'port', 'number') ?? 0
    return [{ gateway, index, port, bind: textAt(server, 'bind'), hosts: hostsOf(server, gateway) }]
  })
}

/** `./host` and `NAMESPACE/host` are apart; a host without a namespace is for all of them. */
function hostsOf(server: Json, gateway: Subject): readonly string[] {
  return stringsAt(server, 'hosts').map((host) => host.replace(/^\*\//, '').replace(/^\.\//, `${gateway.namespace}/`))
}

function clash(a: Server, b: Server): boolean {
  return a.port === b.port && a.bind === b.bind && a.hosts.some((host) => b.hosts.includes(host))
}
