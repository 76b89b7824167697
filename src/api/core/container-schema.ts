import type { Schema } from '#kube/schema.ts'
import {
  anyObject,
  atomicObject,
  flag,
  integer,
  intOrString,
  list,
  mapList,
  object,
  quantityMap,
  text,
  textList,
} from './field-schema.ts'
import { LIFECYCLE, probe } from './probe-schema.ts'

const valueFrom = object('Where the value is taken from.', {
  fieldRef: atomicObject(
    'A field of the Pod.',
    {
      fieldPath: text('Path of the field, such as metadata.name.'),
      apiVersion: text('Version that the path is of.', { default: 'v1' }),
    },
    { required: ['fieldPath'] },
  ),
  resourceFieldRef: atomicObject(
    'A resource of a container.',
    {
      resource: text('The resource, such as limits.cpu.'),
      containerName: text('The container; this one unless given.'),
      divisor: intOrString('The unit in which it is told.'),
    },
    { required: ['resource'] },
  ),
  configMapKeyRef: keyReference('A key of a ConfigMap.'),
  secretKeyRef: keyReference('A key of a Secret.'),
  fileKeyRef: anyObject('A key of a file in a volume.'),
})

function keyReference(description: string): Schema {
  return atomicObject(
    description,
    {
      name: text('Name of the object.', { default: '' }),
      key: text('The key.'),
      optional: flag('Whether the container starts without it.'),
    },
    { required: ['key'] },
  )
}

const env = mapList(
  'Variables of the environment.',
  ['name'],
  object(
    'One variable.',
    {
      name: text('Name of the variable.'),
      value: text('Value of the variable; $(NAME) stands for an earlier one.'),
      valueFrom,
    },
    { required: ['name'] },
  ),
)

const envFrom = list(
  'Objects of which every key becomes a variable.',
  object('One object.', {
    prefix: text('Put in front of every key.'),
    configMapRef: wholeReference('A ConfigMap.'),
    secretRef: wholeReference('A Secret.'),
  }),
)

function wholeReference(description: string): Schema {
  return object(description, {
    name: text('Name of the object.', { default: '' }),
    optional: flag('Whether the container starts without it.'),
  })
}

const ports = mapList(
  'Ports that the container listens on. Those that are not listed can be reached as well.',
  ['containerPort', 'protocol'],
  object(
    'One port.',
    {
      containerPort: integer('Number of the port.'),
      name: text('Name by which Services and probes refer to the port.'),
      protocol: text('TCP, UDP or SCTP.', { default: 'TCP' }),
      hostPort: integer('The port of the node that leads here.'),
      hostIP: text('The address of the node that hostPort is of.'),
    },
    { required: ['containerPort'] },
  ),
)

const volumeMounts = mapList(
  'Volumes that the container sees, and where.',
  ['mountPath'],
  object(
    'One volume.',
    {
      name: text('Name of the volume.'),
      mountPath: text('Where the container sees it.'),
      subPath: text('The part of the volume that it sees.'),
      subPathExpr: text('The same, with variables of the environment.'),
      readOnly: flag('Whether it may only be read.'),
      recursiveReadOnly: text('Whether that holds for mounts inside of it: Disabled, IfPossible or Enabled.'),
      mountPropagation: text('How later mounts propagate: None, HostToContainer or Bidirectional.'),
    },
    { required: ['name', 'mountPath'] },
  ),
)

const resources = object(
  'Resources that the container needs, and may use.',
  {
    limits: quantityMap('The most that it may use.'),
    requests: quantityMap('What it needs; the limits unless given.'),
    claims: mapList(
      'Claims of the Pod that it uses.',
      ['name'],
      object('One claim.', { name: text('Name of the claim.'), request: text('The request in the claim.') }),
      { 'x-kubernetes-patch-strategy': 'replace' },
    ),
  },
  { default: {} },
)

/** What containers and Pods have in common of a security context. */
export const SECURITY_CONTEXT: Readonly<Record<string, Schema>> = {
  runAsUser: { type: 'integer', format: 'int64', description: 'The user that it runs as.' },
  runAsGroup: { type: 'integer', format: 'int64', description: 'The group that it runs as.' },
  runAsNonRoot: flag('Whether it is refused to run as user 0.'),
  seLinuxOptions: anyObject('SELinux context.'),
  windowsOptions: anyObject('Settings for Windows.'),
  seccompProfile: object(
    'Which system calls are let through.',
    {
      type: text('RuntimeDefault, Unconfined or Localhost.'),
      localhostProfile: text('The profile on the node, with Localhost.'),
    },
    { required: ['type'] },
  ),
  appArmorProfile: anyObject('AppArmor profile.'),
}

const securityContext = object('Rights of the container; they go before those of the Pod.', {
  ...SECURITY_CONTEXT,
  allowPrivilegeEscalation: flag('Whether a process may gain rights that its parent lacks.'),
  capabilities: object('Rights beside those of the container runtime.', {
    add: textList('Given besides.'),
    drop: textList('Taken away; ALL is every one.'),
  }),
  privileged: flag('Whether it has all rights of the node.'),
  readOnlyRootFilesystem: flag('Whether its root file system may only be read.'),
  procMount: text('How /proc is mounted: Default or Unmasked.'),
})

const fields: Readonly<Record<string, Schema>> = {
  name: text('Name of the container, unlike those of the others.'),
  image: text('The image that it runs.'),
  imagePullPolicy: text(
    'Always, IfNotPresent or Never; Always where the tag of the image is latest or missing, else IfNotPresent.',
  ),
  command: textList('The program; that of the image unless given.'),
  args: textList('Arguments of the program; those of the image unless given.'),
  workingDir: text('The directory it starts in; that of the image unless given.'),
  env,
  envFrom,
  ports,
  resources,
  resizePolicy: list('What a change of resources does.', anyObject('The policy for one resource.')),
  restartPolicy: text('Always makes an init container run beside the others.'),
  restartPolicyRules: list('Exceptions from restartPolicy.', anyObject('One exception.')),
  volumeMounts,
  volumeDevices: mapList(
    'Block devices that the container sees.',
    ['devicePath'],
    object(
      'One device.',
      { name: text('Name of the claim.'), devicePath: text('Where the container sees it.') },
      { required: ['name', 'devicePath'] },
    ),
  ),
  livenessProbe: probe('The container is started anew when this fails.'),
  readinessProbe: probe('Services do not send to the container while this fails.'),
  startupProbe: probe('The other probes wait until this succeeds.'),
  lifecycle: LIFECYCLE,
  securityContext,
  terminationMessagePath: text('The file whose text is told when the container ended.', {
    default: '/dev/termination-log',
  }),
  terminationMessagePolicy: text('File, or FallbackToLogsOnError to tell the last of the log after an error.', {
    default: 'File',
  }),
  stdin: flag('Whether it keeps an input open.'),
  stdinOnce: flag('Whether the input closes after the first client.'),
  tty: flag('Whether it has a terminal.'),
}

/** core/v1 Container. */
export const CONTAINER: Schema = object('A program with its image and its surroundings.', fields, {
  required: ['name'],
})

/** core/v1 EphemeralContainer. */
export const EPHEMERAL_CONTAINER: Schema = object(
  'A container that is added to a running Pod.',
  { ...fields, targetContainerName: text('The container whose processes it sees.') },
  { required: ['name'] },
)
