import { checkLabels } from '#api/rules/label-map.ts'
import { faultOfPort } from '#api/rules/port.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { ReadinessProbe, WorkloadGroup } from './workload-group.ts'

/** Istio's rules about a workload group (spec 1.2). Its template has no address: the entries bring their own. */
export function checkWorkloadGroup({ spec }: WorkloadGroup, report: Report): void {
  const { metadata, template, probe } = spec
  if (metadata !== undefined) checkLabels(metadata.labels, ['spec', 'metadata', 'labels'], report)
  if (template === undefined) report.fault(['spec', 'template'], 'template is required')
  else checkLabels(template.labels, ['spec', 'template', 'labels'], report)
  if (probe !== undefined) checkProbe(probe, ['spec', 'probe'], report)
}

const COUNTS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

const HEADER_NAME = /^[-A-Za-z0-9]+$/

function checkProbe(probe: ReadinessProbe, path: FieldPath, report: Report): void {
  for (const field of COUNTS) {
    if (probe[field] < 0) report.fault([...path, field], `${field} must be non-negative, not ${probe[field]}`)
  }
  const { method } = probe
  switch (method?.kind) {
    case 'http':
      report.fault([...path, 'httpGet', 'port'], faultOfPort(method.port))
      if (!['', 'HTTP', 'HTTPS'].includes(method.scheme)) {
        report.fault([...path, 'httpGet', 'scheme'], `httpGet.scheme must be HTTP or HTTPS, not ${method.scheme}`)
      }
      for (const [index, { name }] of method.headers.entries()) {
        if (HEADER_NAME.test(name)) continue
        report.fault([...path, 'httpGet', 'httpHeaders', index, 'name'], `invalid header name ${JSON.stringify(name)}`)
      }
      break
    case 'tcp':
      report.fault([...path, 'tcpSocket', 'port'], faultOfPort(method.port))
      break
    case 'exec':
      if (method.command.length === 0) report.fault([...path, 'exec', 'command'], 'exec.command is required')
      break
    case 'grpc':
    case undefined:
      report.fault(path, 'unknown health check method: one of httpGet, tcpSocket and exec is required')
  }
}
