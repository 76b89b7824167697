import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { at, labelsAt, listAt, numberAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { labelsMatch, selectorText } from '#control/analyze/names.ts'

/** Ports of gateways that the service in front of their workloads does not lead to. */
export const gatewayPorts: Analyzer = {
  name: 'gateway.IngressGatewayPortAnalyzer',
  codes: ['IST0162'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const gateway of mesh.ofKind('Gateway')) {
      const selector = labelsAt(gateway.spec, 'selector')
      const reached = portsReached(mesh, selector)
      if (reached === undefined) continue
      for (const [index, server] of listAt(gateway.spec, 'servers').entries()) {
        const port = numberAt(server, 'port', 'number')
        if (port === undefined || reached.has(port)) continue
        const text = `The gateway is listening on a target port (port ${port}) that is not defined in the Service associated with its workload instances (Pod selector ${selectorText(selector)}). If you need to access the gateway port through the gateway Service, it will not be available.`
        tell(gateway, 'IST0162', text, { path: ['spec', 'servers', index, 'port'] })
      }
    }
  },
}

/** Ports and target ports of the services of the selected workloads; undefined when nothing is selected, or no service stands in front of it. */
function portsReached(mesh: MeshObjects, selector: Readonly<Record<string, string>>): ReadonlySet<number> | undefined {
  const workloads = mesh.workloads.filter((one) => one.isPod && labelsMatch(selector, one.labels))
  const services = mesh.ofKind('Service').filter(({ namespace, spec }) => {
    const chosen = labelsAt(spec, 'selector')
    const chooses = (one: (typeof workloads)[number]) => one.namespace === namespace && labelsMatch(chosen, one.labels)
    return Object.keys(chosen).length > 0 && workloads.some(chooses)
  })
  if (services.length === 0) return undefined
  const ports = services.flatMap(({ spec }) => listAt(spec, 'ports'))
  return new Set(
    ports.flatMap((port) => [at(port, 'port'), at(port, 'targetPort')]).filter((one) => typeof one === 'number'),
  )
}
