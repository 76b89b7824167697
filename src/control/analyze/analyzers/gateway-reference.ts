import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { listAt, stringsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { fullGateway, hostsMatch, listText } from '#control/analyze/names.ts'
import { fullNameOf, type Subject } from '#control/analyze/subject.ts'

/** Gateways that virtual services name: those that do not exist, and those that serve none of the hosts. */
export const gatewayReference: Analyzer = {
  name: 'virtualservice.GatewayAnalyzer',
  codes: ['IST0101', 'IST0132'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const subject of mesh.ofKind('VirtualService')) {
      const written = stringsAt(subject.spec, 'gateways')
      for (const [index, name] of written.entries()) {
        const full = fullGateway(name, subject.namespace)
        if (full === 'mesh') continue
        const path = ['spec', 'gateways', index]
        const gateway = mesh.ofKind('Gateway').find((one) => fullNameOf(one) === full)
        if (gateway === undefined)
          tell(subject, 'IST0101', `Referenced gateway not found: ${JSON.stringify(name)}`, { path })
        else tellHosts(subject, gateway, tell)
      }
    }
  },
}

function tellHosts(subject: Subject, gateway: Subject, tell: Tell): void {
  const hosts = stringsAt(subject.spec, 'hosts')
  const served = listAt(gateway.spec, 'servers').flatMap((server) => stringsAt(server, 'hosts'))
  const open = served.flatMap((host) => hostFor(host, subject, gateway))
  if (hosts.every((host) => open.some((one) => hostsMatch(one, host.toLowerCase())))) return
  const text = `one or more host ${listText(hosts)} defined in VirtualService ${fullNameOf(subject)} not found in Gateway ${fullNameOf(gateway)}.`
  tell(subject, 'IST0132', text, { path: ['spec', 'hosts'] })
}

/** `NAMESPACE/HOST` opens a host to the virtual services of one namespace only. */
function hostFor(host: string, subject: Subject, gateway: Subject): readonly string[] {
  const slash = host.indexOf('/')
  const name = host.slice(slash + 1).toLowerCase()
  const place = slash < 0 ? '*' : host.slice(0, slash)
  const open =
    place === '*' || place === subject.namespace || (place === '.' && gateway.namespace === subject.namespace)
  return open ? [name] : []
}
