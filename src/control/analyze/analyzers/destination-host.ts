import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { destinationsOf, type RouteDestination } from '#control/analyze/destinations.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { listText } from '#control/analyze/names.ts'

/** Destinations whose host nothing defines, whose port the service does not have, or whose port is not said and not clear. */
export const destinationHost: Analyzer = {
  name: 'virtualservice.DestinationHostAnalyzer',
  codes: ['IST0101', 'IST0112'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const subject of mesh.ofKind('VirtualService')) {
      for (const destination of destinationsOf(subject)) {
        const { host, path } = destination
        const service = mesh.service(mesh.hostOf(host, subject), subject.namespace)
        if (service === undefined) {
          tell(subject, 'IST0101', `Referenced host not found: ${JSON.stringify(host)}`, { path: [...path, 'host'] })
          continue
        }
        const numbers = service.ports.map(({ number }) => number)
        const fault = faultOfPort(destination, numbers)
        if (fault !== undefined) tell(subject, fault.code, fault.text, { path })
      }
    }
  },
}

function faultOfPort({ host, port }: RouteDestination, numbers: readonly number[]) {
  if (port === undefined) {
    if (numbers.length < 2) return undefined
    const text = `This VirtualService routes to a host ${JSON.stringify(host)} that exposes multiple ports ${listText(numbers)}. Specifying a port in the destination is required to disambiguate.`
    return { code: 'IST0112' as const, text }
  }
  if (numbers.includes(port)) return undefined
  return { code: 'IST0101' as const, text: `Referenced host:port not found: "${host}:${port}"` }
}
