import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { at, labelsAt, listAt, numberAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { labelsMatch, listText } from '#control/analyze/names.ts'
import type { Subject } from '#control/analyze/subject.ts'

/** A port of a service that leads to a deployment. */
interface Lead {
  readonly service: string
  readonly port: number
  readonly targetPort: string
  readonly protocol: string
}

/** Deployments behind several services that do not agree on a port's protocol, or on its number. */
export const deploymentPorts: Analyzer = {
  name: 'deployment.MultiServiceAnalyzer',
  codes: ['IST0116', 'IST0137'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const deployment of mesh.ofKind('Deployment')) {
      const leads = leadsTo(mesh, deployment)
      for (const [port, same] of Map.groupBy(leads, (lead) => lead.port)) {
        const protocols = new Set(same.map(({ protocol }) => protocol))
        if (protocols.size < 2) continue
        const text = `This deployment ${deployment.name} is associated with multiple services using port ${port} but different protocols: ${listText([...protocols].sort())}`
        tell(deployment, 'IST0116', text)
      }
      for (const [targetPort, same] of Map.groupBy(leads, (lead) => lead.targetPort)) {
        const ports = new Set(same.map(({ port }) => port))
        const services = new Set(same.map(({ service }) => service))
        if (ports.size < 2 || services.size < 2) continue
        const text = `This deployment ${deployment.name} is associated with multiple services ${listText([...services].sort())} using targetPort ${JSON.stringify(targetPort)} but different ports: ${listText([...ports].sort((a, b) => a - b))}.`
        tell(deployment, 'IST0137', text)
      }
    }
  },
}

function leadsTo(mesh: MeshObjects, { namespace, spec }: Subject): readonly Lead[] {
  const labels = labelsAt(spec, 'template', 'metadata', 'labels')
  return mesh.ofKind('Service').flatMap((service) => {
    const selector = labelsAt(service.spec, 'selector')
    const leads = service.namespace === namespace && Object.keys(selector).length > 0 && labelsMatch(selector, labels)
    return leads ? listAt(service.spec, 'ports').map((port) => leadOf(service.name, port)) : []
  })
}

function leadOf(service: string, port: unknown): Lead {
  const number = numberAt(port, 'port') ?? 0
  const targetPort = String(at(port, 'targetPort') ?? number)
  return { service, port: number, targetPort, protocol: textAt(port, 'protocol') || 'TCP' }
}
