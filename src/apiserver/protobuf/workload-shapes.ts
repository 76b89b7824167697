import { LOCAL_REFERENCE } from './core-shapes.ts'
import { type MessageShape, shape } from './message-shape.ts'
import { LABEL_SELECTOR, OBJECT_META } from './meta-shapes.ts'

const CONTAINER_PORT = shape({
  1: ['name', 'text'],
  2: ['hostPort', 'number'],
  3: ['containerPort', 'number'],
  4: ['protocol', 'text'],
  5: ['hostIP', 'text'],
})

const VOLUME_MOUNT = shape({
  1: ['name', 'text'],
  2: ['readOnly', 'boolean'],
  3: ['mountPath', 'text'],
  4: ['subPath', 'text'],
  5: ['mountPropagation', 'text'],
  6: ['subPathExpr', 'text'],
})

const CONTAINER = shape({
  1: ['name', 'text'],
  2: ['image', 'text'],
  3: ['command', { list: 'text' }],
  4: ['args', { list: 'text' }],
  5: ['workingDir', 'text'],
  6: ['ports', { list: CONTAINER_PORT }],
  7: ['env', { list: shape({ 1: ['name', 'text'], 2: ['value', 'text'] }) }],
  8: ['resources', shape({ 1: ['limits', { mapOf: 'quantity' }], 2: ['requests', { mapOf: 'quantity' }] })],
  9: ['volumeMounts', { list: VOLUME_MOUNT }],
  13: ['terminationMessagePath', 'text'],
  14: ['imagePullPolicy', 'text'],
  16: ['stdin', 'boolean'],
  17: ['stdinOnce', 'boolean'],
  18: ['tty', 'boolean'],
  20: ['terminationMessagePolicy', 'text'],
})

const POD_SPEC = shape({
  2: ['containers', { list: CONTAINER }],
  3: ['restartPolicy', 'text'],
  4: ['terminationGracePeriodSeconds', 'number?'],
  5: ['activeDeadlineSeconds', 'number?'],
  6: ['dnsPolicy', 'text'],
  7: ['nodeSelector', { mapOf: 'text' }],
  8: ['serviceAccountName', 'text'],
  9: ['serviceAccount', 'text'],
  10: ['nodeName', 'text'],
  11: ['hostNetwork', 'boolean'],
  12: ['hostPID', 'boolean'],
  13: ['hostIPC', 'boolean'],
  15: ['imagePullSecrets', { list: LOCAL_REFERENCE }],
  16: ['hostname', 'text'],
  17: ['subdomain', 'text'],
  19: ['schedulerName', 'text'],
  20: ['initContainers', { list: CONTAINER }],
})

const STRATEGY = shape({
  1: ['type', 'text'],
  2: ['rollingUpdate', shape({ 1: ['maxUnavailable', 'intOrText'], 2: ['maxSurge', 'intOrText'] })],
})

/** apps/v1 Deployment, as far as `kubectl create deployment` writes one. */
export const DEPLOYMENT: MessageShape = shape({
  1: ['metadata', OBJECT_META],
  2: [
    'spec',
    shape({
      1: ['replicas', 'number?'],
      2: ['selector', LABEL_SELECTOR],
      3: ['template', shape({ 1: ['metadata', OBJECT_META], 2: ['spec', POD_SPEC] })],
      4: ['strategy', STRATEGY],
      5: ['minReadySeconds', 'number'],
      6: ['revisionHistoryLimit', 'number?'],
      7: ['paused', 'boolean'],
      9: ['progressDeadlineSeconds', 'number?'],
    }),
  ],
  3: ['status', 'ignored'],
})
