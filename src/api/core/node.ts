import type { JsonObject } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { NONE, textColumn, wide } from './columns.ts'
import { coreKind } from './core-kind.ts'
import {
  anyObject,
  CONDITIONS,
  flag,
  list,
  mapList,
  object,
  quantityMap,
  text,
  textList,
  textSet,
} from './field-schema.ts'
import { listAt, mapAt, textAt, valueAt } from './object-fields.ts'

const UNKNOWN = '<unknown>'

const spec = object('What the node may do.', {
  podCIDR: text('Addresses of its Pods.'),
  podCIDRs: textSet('Addresses of its Pods, one block of each family.'),
  providerID: text('The node, as its provider names it.'),
  unschedulable: flag('Whether no new Pods come to it.'),
  taints: list(
    'What keeps Pods away that do not tolerate it.',
    anyObject('One taint.', { required: ['key', 'effect'] }),
  ),
  configSource: anyObject('No longer used.'),
  externalID: text('No longer used.'),
})

const status = object('What the node is.', {
  addresses: mapList('Its addresses.', ['type'], anyObject('One address.', { required: ['type', 'address'] })),
  capacity: quantityMap('Resources that it has.'),
  allocatable: quantityMap('Resources that Pods may use.'),
  conditions: CONDITIONS,
  nodeInfo: anyObject('Versions of its programs.'),
  daemonEndpoints: anyObject('Ports of its programs.'),
  images: list('Images that it holds.', anyObject('One image.')),
  phase: text('No longer used.'),
  volumesAttached: list('Volumes that it has.', anyObject('One volume.')),
  volumesInUse: textList('Volumes that it uses.'),
  config: anyObject('No longer used.'),
  features: anyObject('What its container runtime can do.'),
  runtimeHandlers: list('Handlers of its container runtime.', anyObject('One handler.')),
  declaredFeatures: textList('What it can do besides.'),
})

export const NODE = coreKind({
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  isClusterWide: true,
  description: 'A machine that Pods run on.',
  columns: [
    textColumn('Status', 'Whether Pods can run on it.', statusText),
    textColumn('Roles', 'What it is for.', rolesText),
    AGE_COLUMN,
    textColumn('Version', 'Version of its node program.', (node) => infoText(node, 'kubeletVersion')),
    wide(textColumn('Internal-IP', 'Its address inside.', (node) => addressText(node, 'InternalIP'))),
    wide(textColumn('External-IP', 'Its address outside.', (node) => addressText(node, 'ExternalIP'))),
    wide(textColumn('OS-Image', 'Its operating system.', (node) => infoText(node, 'osImage') || UNKNOWN)),
    wide(textColumn('Kernel-Version', 'Its kernel.', (node) => infoText(node, 'kernelVersion') || UNKNOWN)),
    wide(
      textColumn(
        'Container-Runtime',
        'What runs its containers.',
        (node) => infoText(node, 'containerRuntimeVersion') || UNKNOWN,
      ),
    ),
  ],
  properties: { spec, status },
  check: () => undefined,
})

function statusText(node: JsonObject): string {
  const ready = listAt(node, 'status', 'conditions').find((condition) => condition.type === 'Ready')
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (valueAt(node, 'spec', 'unschedulable') === true) words.push('SchedulingDisabled')
  return words.join(',')
}

const ROLE_PREFIX = 'node-role.kubernetes.io/'

function rolesText(node: JsonObject): string {
  const labels = Object.keys(mapAt(node, 'metadata', 'labels'))
  const roles = labels.filter((label) => label.startsWith(ROLE_PREFIX)).map((label) => label.slice(ROLE_PREFIX.length))
  return roles.length === 0 ? NONE : roles.sort().join(',')
}

function addressText(node: JsonObject, type: string): string {
  const found = listAt(node, 'status', 'addresses').find((address) => address.type === type)
  return textAt(found, 'address') || NONE
}

function infoText(node: JsonObject, field: string): string {
  return textAt(node, 'status', 'nodeInfo', field)
}
