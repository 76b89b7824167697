import type { Schema } from '#kube/schema.ts'
import { integer, intOrString, list, object, text, textList } from './field-schema.ts'

const header = object(
  'One header of the request.',
  { name: text('Its name.'), value: text('Its value.') },
  { required: ['name', 'value'] },
)

/** What a probe or a hook does, in one of several ways. */
const actions: Readonly<Record<string, Schema>> = {
  exec: object('Runs a command in the container; exit status 0 is success.', {
    command: textList('The program and its arguments; no shell is involved.'),
  }),
  httpGet: object(
    'Sends an HTTP GET request; a status from 200 to 399 is success.',
    {
      path: text('Path of the request.', { default: '/' }),
      port: intOrString('Number or name of the port.'),
      host: text('The host that is called; the address of the Pod unless given.'),
      scheme: text('HTTP or HTTPS.', { default: 'HTTP' }),
      httpHeaders: list('Headers of the request.', header),
    },
    { required: ['port'] },
  ),
  tcpSocket: object(
    'Opens a TCP connection; that it opens is success.',
    {
      port: intOrString('Number or name of the port.'),
      host: text('The host that is called; the address of the Pod unless given.'),
    },
    { required: ['port'] },
  ),
}

/** core/v1 Probe. */
export function probe(description: string): Schema {
  return object(description, {
    ...actions,
    grpc: object(
      'Calls the gRPC health service.',
      { port: integer('Number of the port.'), service: text('The service that is asked about.', { default: '' }) },
      { required: ['port'] },
    ),
    initialDelaySeconds: integer('How long after the start of the container the first probe waits.'),
    periodSeconds: integer('How long after a probe the next one starts.', { default: 10 }),
    timeoutSeconds: integer('How long a probe may take.', { default: 1 }),
    successThreshold: integer('So many successes in a row end a failure.', { default: 1 }),
    failureThreshold: integer('So many failures in a row count as one.', { default: 3 }),
    terminationGracePeriodSeconds: {
      type: 'integer',
      format: 'int64',
      description: 'How long the container may take to end after this probe failed.',
    },
  })
}

const hook = {
  ...actions,
  sleep: object(
    'Waits.',
    { seconds: { type: 'integer', format: 'int64', description: 'How long.' } },
    { required: ['seconds'] },
  ),
}

/** core/v1 Lifecycle. */
export const LIFECYCLE: Schema = object('What is done when the container starts and before it ends.', {
  postStart: object('Done right after the container started.', hook),
  preStop: object('Done before the container is told to end.', hook),
  stopSignal: text('The signal that ends the container.'),
})
