import type { JsonObject } from '#api/kind.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { duplicate, faultOfChoice, faultOfLabel, faultOfPortName, faultOfPortNumber, invalid } from './faults.ts'
import { listAt, mapAt, numberAt, textAt } from './object-fields.ts'

/** The rules of the Kubernetes API about a PodSpec that writers of manifests meet. */
export function checkPodSpec(spec: JsonObject, path: FieldPath, report: Report): void {
  const containers = listAt(spec, 'containers')
  if (containers.length === 0) report.fault([...path, 'containers'], 'Required value')
  const volumes = checkVolumes(spec, path, report)
  const names = new Set<string>()
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const [index, container] of listAt(spec, list).entries()) {
      const at = [...path, list, index]
      const name = textAt(container, 'name')
      if (name !== '' && names.has(name)) report.fault([...at, 'name'], duplicate(name))
      names.add(name)
      checkContainer(container, volumes, at, report)
    }
  }
  const choices = (field: string, ...values: readonly string[]) => {
    const value = textAt(spec, field)
    if (value !== '') report.fault([...path, field], faultOfChoice(value, values))
  }
  choices('restartPolicy', 'Always', 'OnFailure', 'Never')
  choices('dnsPolicy', 'ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None')
  const grace = numberAt(spec, 'terminationGracePeriodSeconds')
  if (grace !== undefined && grace < 0) {
    report.fault([...path, 'terminationGracePeriodSeconds'], invalid(grace, 'must be greater than or equal to 0'))
  }
}

function checkVolumes(spec: JsonObject, path: FieldPath, report: Report): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [index, volume] of listAt(spec, 'volumes').entries()) {
    const at = [...path, 'volumes', index]
    const name = textAt(volume, 'name')
    report.fault([...at, 'name'], faultOfLabel(name))
    if (names.has(name)) report.fault([...at, 'name'], duplicate(name))
    names.add(name)
    const sources = Object.keys(volume).filter((field) => field !== 'name')
    if (sources.length === 0) report.fault(at, 'Required value: must specify a volume type')
    for (const extra of sources.slice(1)) {
      report.fault([...at, extra], 'Forbidden: may not specify more than 1 volume type')
    }
  }
  return names
}

function checkContainer(container: JsonObject, volumes: ReadonlySet<string>, path: FieldPath, report: Report): void {
  report.fault([...path, 'name'], faultOfLabel(textAt(container, 'name')))
  const image = textAt(container, 'image')
  if (image === '') report.fault([...path, 'image'], 'Required value')
  else if (image !== image.trim()) {
    report.fault([...path, 'image'], invalid(image, 'must not have leading or trailing whitespace'))
  }
  const pull = textAt(container, 'imagePullPolicy')
  if (pull !== '') report.fault([...path, 'imagePullPolicy'], faultOfChoice(pull, ['Always', 'IfNotPresent', 'Never']))
  checkContainerPorts(container, path, report)
  checkEnv(container, path, report)
  const mounts = new Set<string>()
  for (const [index, mount] of listAt(container, 'volumeMounts').entries()) {
    const at = [...path, 'volumeMounts', index]
    const name = textAt(mount, 'name')
    const mountPath = textAt(mount, 'mountPath')
    if (name === '') report.fault([...at, 'name'], 'Required value')
    else if (!volumes.has(name)) report.fault([...at, 'name'], `Not found: ${JSON.stringify(name)}`)
    if (mountPath === '') report.fault([...at, 'mountPath'], 'Required value')
    else if (mounts.has(mountPath)) report.fault([...at, 'mountPath'], invalid(mountPath, 'must be unique'))
    mounts.add(mountPath)
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (container[name] !== undefined) checkProbe(mapAt(container, name), [...path, name], report)
  }
}

function checkContainerPorts(container: JsonObject, path: FieldPath, report: Report): void {
  const names = new Set<string>()
  for (const [index, port] of listAt(container, 'ports').entries()) {
    const at = [...path, 'ports', index]
    const name = textAt(port, 'name')
    if (name !== '') {
      report.fault([...at, 'name'], names.has(name) ? duplicate(name) : faultOfPortName(name))
      names.add(name)
    }
    report.fault([...at, 'containerPort'], faultOfPortNumber(numberAt(port, 'containerPort')))
    const hostPort = numberAt(port, 'hostPort')
    if (hostPort !== undefined && hostPort !== 0) report.fault([...at, 'hostPort'], faultOfPortNumber(hostPort))
    const protocol = textAt(port, 'protocol')
    if (protocol !== '') report.fault([...at, 'protocol'], faultOfChoice(protocol, ['SCTP', 'TCP', 'UDP']))
  }
}

function checkEnv(container: JsonObject, path: FieldPath, report: Report): void {
  for (const [index, variable] of listAt(container, 'env').entries()) {
    const at = [...path, 'env', index]
    const name = textAt(variable, 'name')
    if (name === '') report.fault([...at, 'name'], 'Required value')
    else if (!/^[ -<>-~]+$/.test(name)) {
      const why = "a valid environment variable name must consist only of printable ASCII characters other than '='"
      report.fault([...at, 'name'], invalid(name, why))
    }
    if (variable.valueFrom === undefined) continue
    const sources = Object.keys(mapAt(variable, 'valueFrom'))
    if (textAt(variable, 'value') !== '') {
      report.fault([...at, 'valueFrom'], invalid('', 'may not be specified when `value` is not empty'))
    }
    if (sources.length === 0) report.fault([...at, 'valueFrom'], invalid('', 'must specify one of its sources'))
    if (sources.length > 1) {
      report.fault([...at, 'valueFrom'], invalid('', 'may not have more than one field specified at a time'))
    }
  }
}

const HANDLERS: readonly string[] = ['exec', 'httpGet', 'tcpSocket', 'grpc']
const COUNTS: readonly string[] = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
]

function checkProbe(probe: JsonObject, path: FieldPath, report: Report): void {
  const handlers = HANDLERS.filter((name) => probe[name] !== undefined)
  if (handlers.length === 0) report.fault(path, 'Required value: must specify a handler type')
  for (const extra of handlers.slice(1)) {
    report.fault([...path, extra], 'Forbidden: may not specify more than 1 handler type')
  }
  for (const name of COUNTS) {
    const value = numberAt(probe, name)
    if (value !== undefined && value < 0) {
      report.fault([...path, name], invalid(value, 'must be greater than or equal to 0'))
    }
  }
}
