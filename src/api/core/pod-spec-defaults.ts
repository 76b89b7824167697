import { isRecord } from '#api/schema/decode.ts'
import { mapAt, mapped, numberAt, textAt, valueAt, withDefaults, withFields } from './object-fields.ts'

/** The defaults of a PodSpec that depend on other fields, for Pods and templates alike. */
function preparePodSpec(spec: unknown, prepareContainer: (container: unknown) => unknown): unknown {
  if (!isRecord(spec)) return spec
  const account = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount')
  const onHost = spec.hostNetwork === true
  const prepareOne = (container: unknown) => {
    const policy = { imagePullPolicy: pullPolicy(textAt(container, 'image')) }
    const ports = valueAt(container, 'ports')
    return withFields(
      withDefaults(prepareContainer(container), policy),
      onHost ? { ports: mapped(ports, withHostPort) } : {},
    )
  }
  return withFields(spec, {
    containers: mapped(spec.containers, prepareOne),
    initContainers: mapped(spec.initContainers, prepareOne),
    ...(account === '' ? {} : { serviceAccountName: account, serviceAccount: account }),
  })
}

/** The template of a workload with the defaults of its PodSpec. */
export function prepareTemplate(template: unknown): unknown {
  return withFields(template, { spec: preparePodSpec(valueAt(template, 'spec'), (container) => container) })
}

/** A Pod's own spec: what it needs is settled now. */
export function prepareOwnSpec(spec: unknown): unknown {
  return withDefaults(preparePodSpec(spec, withRequests), { enableServiceLinks: true })
}

/** What a container may use it also needs, unless it says less. */
function withRequests(container: unknown): unknown {
  const limits = mapAt(container, 'resources', 'limits')
  const requests = { ...limits, ...mapAt(container, 'resources', 'requests') }
  if (Object.keys(requests).length === 0) return container
  return withFields(container, { resources: withFields(valueAt(container, 'resources'), { requests }) })
}

/** Images without a digest whose tag is `latest` or missing may change behind their name. */
function pullPolicy(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent'
  const tag = image.slice(image.lastIndexOf('/') + 1).split(':')[1] ?? 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function withHostPort(port: unknown): unknown {
  return withDefaults(port, { hostPort: numberAt(port, 'containerPort') })
}
