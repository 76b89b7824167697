import { type MessageShape, shape } from './message-shape.ts'
import { OBJECT_META } from './meta-shapes.ts'

const OBJECT_REFERENCE = shape({
  1: ['kind', 'text'],
  2: ['namespace', 'text'],
  3: ['name', 'text'],
  4: ['uid', 'text'],
  5: ['apiVersion', 'text'],
  6: ['resourceVersion', 'text'],
  7: ['fieldPath', 'text'],
})

export const LOCAL_REFERENCE: MessageShape = shape({ 1: ['name', 'text'] })

export const NAMESPACE: MessageShape = shape({
  1: ['metadata', OBJECT_META],
  2: ['spec', shape({ 1: ['finalizers', { list: 'text' }] })],
  3: ['status', 'ignored'],
})

export const CONFIG_MAP: MessageShape = shape({
  1: ['metadata', OBJECT_META],
  2: ['data', { mapOf: 'text' }],
  3: ['binaryData', { mapOf: 'bytes' }],
  4: ['immutable', 'boolean?'],
})

export const SECRET: MessageShape = shape({
  1: ['metadata', OBJECT_META],
  2: ['data', { mapOf: 'bytes' }],
  3: ['type', 'text'],
  4: ['stringData', { mapOf: 'text' }],
  5: ['immutable', 'boolean?'],
})

export const SERVICE_ACCOUNT: MessageShape = shape({
  1: ['metadata', OBJECT_META],
  2: ['secrets', { list: OBJECT_REFERENCE }],
  3: ['imagePullSecrets', { list: LOCAL_REFERENCE }],
  4: ['automountServiceAccountToken', 'boolean?'],
})

const SERVICE_PORT = shape({
  1: ['name', 'text'],
  2: ['protocol', 'text'],
  3: ['port', 'number'],
  4: ['targetPort', 'intOrText'],
  5: ['nodePort', 'number'],
  6: ['appProtocol', 'text'],
})

export const SERVICE: MessageShape = shape({
  1: ['metadata', OBJECT_META],
  2: [
    'spec',
    shape({
      1: ['ports', { list: SERVICE_PORT }],
      2: ['selector', { mapOf: 'text' }],
      3: ['clusterIP', 'text'],
      4: ['type', 'text'],
      5: ['externalIPs', { list: 'text' }],
      7: ['sessionAffinity', 'text'],
      8: ['loadBalancerIP', 'text'],
      9: ['loadBalancerSourceRanges', { list: 'text' }],
      10: ['externalName', 'text'],
      11: ['externalTrafficPolicy', 'text'],
      12: ['healthCheckNodePort', 'number'],
      13: ['publishNotReadyAddresses', 'boolean'],
      14: ['sessionAffinityConfig', shape({ 1: ['clientIP', shape({ 1: ['timeoutSeconds', 'number?'] })] })],
      17: ['ipFamilyPolicy', 'text'],
      18: ['clusterIPs', { list: 'text' }],
      19: ['ipFamilies', { list: 'text' }],
      20: ['allocateLoadBalancerNodePorts', 'boolean?'],
      21: ['loadBalancerClass', 'text'],
      22: ['internalTrafficPolicy', 'text'],
      23: ['trafficDistribution', 'text'],
    }),
  ],
  3: ['status', 'ignored'],
})

export const EVENT: MessageShape = shape({
  1: ['metadata', OBJECT_META],
  2: ['involvedObject', OBJECT_REFERENCE],
  3: ['reason', 'text'],
  4: ['message', 'text'],
  5: ['source', shape({ 1: ['component', 'text'], 2: ['host', 'text'] })],
  6: ['firstTimestamp', 'time'],
  7: ['lastTimestamp', 'time'],
  8: ['count', 'number'],
  9: ['type', 'text'],
  10: ['eventTime', 'microtime'],
  11: ['series', shape({ 1: ['count', 'number'], 2: ['lastObservedTime', 'microtime'] })],
  12: ['action', 'text'],
  13: ['related', OBJECT_REFERENCE],
  14: ['reportingComponent', 'text'],
  15: ['reportingInstance', 'text'],
})
