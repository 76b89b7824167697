import type { Schema } from '#kube/schema.ts'
import { anyObject, CONDITIONS, flag, integer, list, mapList, object, text, time } from './field-schema.ts'

const state: Readonly<Record<string, Schema>> = {
  waiting: object('It does not run yet.', {
    reason: text('Why, in one word.'),
    message: text('Why, in a sentence.'),
  }),
  running: object('It runs.', { startedAt: time('Since when.') }),
  terminated: object('It ended.', {
    exitCode: integer('Exit status.'),
    signal: integer('The signal that ended it.'),
    reason: text('Why, in one word.'),
    message: text('Why, in a sentence.'),
    startedAt: time('When it started.'),
    finishedAt: time('When it ended.'),
    containerID: text('The container that it was.'),
  }),
}

const containerStatus = object('What one container does.', {
  name: text('The container.'),
  ready: flag('Whether it may be sent to.'),
  started: flag('Whether it started.'),
  restartCount: integer('How often it was started anew.'),
  image: text('The image that it runs.'),
  imageID: text('The image, by its digest.'),
  containerID: text('The container, as its runtime names it.'),
  state: object('What it does now.', state),
  lastState: object('What it did before.', state),
  allocatedResources: anyObject('Resources that the node set aside.'),
  allocatedResourcesStatus: list('Health of these resources.', anyObject('One resource.')),
  resources: anyObject('Resources that it has.'),
  volumeMounts: list('Volumes that it sees.', anyObject('One volume.')),
  user: anyObject('The user that it runs as.'),
  stopSignal: text('The signal that ends it.'),
})

const address = object('One address.', { ip: text('The address.') }, { required: ['ip'] })

/** core/v1 PodStatus. */
export const POD_STATUS: Schema = object('What the Pod does.', {
  phase: text('Pending, Running, Succeeded, Failed or Unknown.'),
  conditions: CONDITIONS,
  reason: text('Why it is so, in one word.'),
  message: text('Why it is so, in a sentence.'),
  nominatedNodeName: text('The node on which room is made for it.'),
  hostIP: text('Address of its node.'),
  hostIPs: list('Addresses of its node.', address),
  podIP: text('Its address.'),
  podIPs: mapList('Its addresses, one of each family.', ['ip'], address),
  startTime: time('When its node took it up.'),
  observedGeneration: { type: 'integer', format: 'int64', description: 'The generation that this was told of.' },
  qosClass: text('Guaranteed, Burstable or BestEffort.'),
  resize: text('How far a change of resources is.'),
  resourceClaimStatuses: list('Claims on resources.', anyObject('One claim.')),
  extendedResourceClaimStatus: anyObject('Claim on extended resources.'),
  containerStatuses: list('What its containers do.', containerStatus),
  initContainerStatuses: list('What its init containers do.', containerStatus),
  ephemeralContainerStatuses: list('What its ephemeral containers do.', containerStatus),
})
