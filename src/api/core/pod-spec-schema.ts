import { OBJECT_META_SCHEMA } from '#kube/object-schema.ts'
import type { Schema } from '#kube/schema.ts'
import { CONTAINER, EPHEMERAL_CONTAINER, SECURITY_CONTEXT } from './container-schema.ts'
import {
  anyObject,
  flag,
  integer,
  labelSelector,
  list,
  localReference,
  mapList,
  object,
  quantityMap,
  text,
  textList,
  textMap,
} from './field-schema.ts'
import { VOLUME } from './volume-schema.ts'

const toleration = object('One toleration.', {
  key: text('The taint; every one unless given.'),
  operator: text('Exists, or Equal.'),
  value: text('Value of the taint, with Equal.'),
  effect: text('NoSchedule, PreferNoSchedule or NoExecute; every one unless given.'),
  tolerationSeconds: {
    type: 'integer',
    format: 'int64',
    description: 'How long NoExecute is tolerated; for ever unless given.',
  },
})

const topologySpread = object(
  'One constraint.',
  {
    topologyKey: text('Label of nodes whose values are the places.'),
    whenUnsatisfiable: text('DoNotSchedule or ScheduleAnyway.'),
    maxSkew: integer('By how many Pods places may differ.'),
    minDomains: integer('How many places there must be.'),
    labelSelector: labelSelector('The Pods that are counted.'),
    matchLabelKeys: textList('Labels of this Pod by which the Pods are selected besides.'),
    nodeAffinityPolicy: text('Whether nodes of other affinity count: Honor or Ignore.'),
    nodeTaintsPolicy: text('Whether tainted nodes count: Honor or Ignore.'),
  },
  { required: ['maxSkew', 'topologyKey', 'whenUnsatisfiable'] },
)

const podSecurityContext = object(
  'Rights of all containers of the Pod.',
  {
    ...SECURITY_CONTEXT,
    fsGroup: { type: 'integer', format: 'int64', description: 'The group that volumes belong to.' },
    fsGroupChangePolicy: text('When volumes are given to that group: OnRootMismatch or Always.'),
    supplementalGroups: list('Groups besides.', { type: 'integer', format: 'int64' }),
    supplementalGroupsPolicy: text('Whether groups of the image count: Merge or Strict.'),
    seLinuxChangePolicy: text('How volumes are labelled: Recursive or MountOption.'),
    sysctls: list('Settings of the kernel.', anyObject('One setting.')),
  },
  { default: {} },
)

const scheduling: Readonly<Record<string, Schema>> = {
  nodeName: text('The node that it runs on.'),
  nodeSelector: textMap('Labels that the node must have.', { 'x-kubernetes-map-type': 'atomic' }),
  affinity: object('Nodes and Pods that it should be near to, or far from.', {
    nodeAffinity: anyObject('Nodes.'),
    podAffinity: anyObject('Pods to be near to.'),
    podAntiAffinity: anyObject('Pods to be far from.'),
  }),
  tolerations: list('Taints of nodes that do not keep it away.', toleration),
  topologySpreadConstraints: mapList(
    'How Pods of one kind spread over places.',
    ['topologyKey', 'whenUnsatisfiable'],
    topologySpread,
  ),
  schedulerName: text('Who finds a node for it.', { default: 'default-scheduler' }),
  schedulingGates: mapList(
    'While there are any, no node is looked for.',
    ['name'],
    object('One gate.', { name: text('Name of the gate.') }, { required: ['name'] }),
  ),
  priority: integer('The higher, the earlier it is scheduled.'),
  priorityClassName: text('The class that tells the priority.'),
  preemptionPolicy: text('Whether others give way to it: PreemptLowerPriority or Never.'),
  runtimeClassName: text('The class that tells the container runtime.'),
  overhead: quantityMap('Resources that the Pod needs besides those of its containers.'),
  resourceClaims: mapList('Claims on resources.', ['name'], anyObject('One claim.', { required: ['name'] }), {
    'x-kubernetes-patch-strategy': 'merge,retainKeys',
  }),
  resources: anyObject('Resources of all containers together.'),
  workloadRef: anyObject('The group of Pods that it is scheduled with.'),
}

const network: Readonly<Record<string, Schema>> = {
  dnsPolicy: text('ClusterFirst, ClusterFirstWithHostNet, Default or None.', { default: 'ClusterFirst' }),
  dnsConfig: object('Settings of the resolver besides those of dnsPolicy.', {
    nameservers: textList('Addresses of name servers.'),
    searches: textList('Domains that short names are looked up in.'),
    options: list(
      'Options of the resolver.',
      object('One option.', { name: text('Its name.'), value: text('Its value.') }),
    ),
  }),
  hostAliases: mapList(
    'Lines of /etc/hosts.',
    ['ip'],
    object('One line.', { ip: text('The address.'), hostnames: textList('Its names.') }, { required: ['ip'] }),
  ),
  hostname: text('Host name of the Pod; its own name unless given.'),
  hostnameOverride: text('Host name that the processes see.'),
  subdomain: text('The domain below that of the namespace, in which the host name stands.'),
  setHostnameAsFQDN: flag('Whether the host name is told with its domain.'),
  hostNetwork: flag('Whether it uses the network of the node.'),
  enableServiceLinks: flag('Whether Services become variables of the environment; they do unless it says no.'),
}

/** core/v1 PodSpec. */
export const POD_SPEC: Schema = object(
  'What the Pod runs, and how.',
  {
    containers: mapList('Programs that run side by side.', ['name'], CONTAINER),
    initContainers: mapList('Programs that run first, one after the other.', ['name'], CONTAINER),
    ephemeralContainers: mapList('Containers that were added to look around.', ['name'], EPHEMERAL_CONTAINER),
    volumes: mapList('Files that containers may see.', ['name'], VOLUME, {
      'x-kubernetes-patch-strategy': 'merge,retainKeys',
    }),
    restartPolicy: text('Whether containers that ended are started anew: Always, OnFailure or Never.', {
      default: 'Always',
    }),
    terminationGracePeriodSeconds: {
      type: 'integer',
      format: 'int64',
      description: 'How long containers may take to end.',
      default: 30,
    },
    activeDeadlineSeconds: { type: 'integer', format: 'int64', description: 'How long the Pod may run.' },
    serviceAccountName: text('The service account that it runs as.'),
    serviceAccount: text('An older name of serviceAccountName.'),
    automountServiceAccountToken: flag('Whether containers see a token of the service account.'),
    imagePullSecrets: mapList('Secrets with which images are fetched.', ['name'], localReference('One Secret.')),
    securityContext: podSecurityContext,
    readinessGates: list('Conditions that must hold besides, for the Pod to be ready.', anyObject('One condition.')),
    hostPID: flag('Whether it sees the processes of the node.'),
    hostIPC: flag('Whether it shares memory with the node.'),
    hostUsers: flag('Whether its users are those of the node.'),
    shareProcessNamespace: flag('Whether its containers see the processes of each other.'),
    os: anyObject('The operating system.'),
    ...scheduling,
    ...network,
  },
  { required: ['containers'] },
)

/** core/v1 PodTemplateSpec. */
export const POD_TEMPLATE: Schema = object('The Pods that are made.', { metadata: OBJECT_META_SCHEMA, spec: POD_SPEC })
