import type { JsonObject } from '#api/kind.ts'
import type { Report } from '#api/schema/report.ts'
import { countColumn, textColumn, wide } from './columns.ts'
import { coreKind } from './core-kind.ts'
import { faultOfChoice, invalid } from './faults.ts'
import { integer, object, objectReference, text, time } from './field-schema.ts'
import { mapAt, numberAt, shown, textAt } from './object-fields.ts'

export const EVENT = coreKind({
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  description: 'Something that happened to an object.',
  columns: [
    { ...textColumn('Last Seen', 'When it happened last.', lastSeen), type: 'date' },
    textColumn('Type', 'Normal or Warning.', (event) => textAt(event, 'type')),
    textColumn('Reason', 'What happened, in one word.', (event) => textAt(event, 'reason')),
    textColumn('Object', 'What it happened to.', objectText),
    wide(
      textColumn('Subobject', 'The part that it happened to.', (event) => textAt(event, 'involvedObject', 'fieldPath')),
    ),
    wide(textColumn('Source', 'Who told of it.', sourceText)),
    textColumn('Message', 'What happened, in a sentence.', (event) => textAt(event, 'message').trim()),
    wide({ ...textColumn('First Seen', 'When it happened first.', firstSeen), type: 'date' }),
    wide(countColumn('Count', 'How often it happened.', timesOf)),
    wide(textColumn('Name', 'Name of the event.', (event) => textAt(event, 'metadata', 'name'))),
  ],
  properties: {
    involvedObject: objectReference('What it happened to.'),
    reason: text('What happened, in one CamelCase word.'),
    message: text('What happened, in a sentence.'),
    type: text('Normal or Warning.'),
    source: object('Who told of it.', { component: text('The program.'), host: text('The node it ran on.') }),
    firstTimestamp: { ...time('When it happened first.'), nullable: true },
    lastTimestamp: { ...time('When it happened last.'), nullable: true },
    count: integer('How often it happened.'),
    eventTime: { ...time('When it happened first, to the microsecond.'), nullable: true },
    series: object('How it goes on.', {
      count: integer('How often it happened.'),
      lastObservedTime: time('When it happened last.'),
    }),
    action: text('What was done or tried.'),
    related: objectReference('Another object that had to do with it.'),
    reportingComponent: text('The program that told of it.', { default: '' }),
    reportingInstance: text('Which run of that program.', { default: '' }),
  },
  required: ['involvedObject'],
  selectableFields: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  check: checkEvent,
})

function lastSeen(event: JsonObject): string | undefined {
  return textAt(event, 'series', 'lastObservedTime') || textAt(event, 'lastTimestamp') || firstSeen(event)
}

function firstSeen(event: JsonObject): string | undefined {
  const time = textAt(event, 'firstTimestamp') || textAt(event, 'eventTime')
  return time || textAt(event, 'metadata', 'creationTimestamp') || undefined
}

function timesOf(event: JsonObject): number {
  return numberAt(event, 'series', 'count') ?? numberAt(event, 'count') ?? 1
}

function objectText(event: JsonObject): string {
  const { kind, name } = mapAt(event, 'involvedObject')
  return `${shown(kind ?? '').toLowerCase()}/${shown(name ?? '')}`
}

function sourceText(event: JsonObject): string {
  const component = textAt(event, 'source', 'component') || textAt(event, 'reportingComponent')
  const host = textAt(event, 'source', 'host')
  return host === '' ? component : `${component}, ${host}`
}

/** An event is in the namespace of its object; those of cluster-wide objects are in "default". */
function checkEvent(event: JsonObject, report: Report): void {
  const namespace = textAt(event, 'metadata', 'namespace')
  const involved = textAt(event, 'involvedObject', 'namespace')
  const fits = involved === '' ? namespace === 'default' || namespace === 'kube-system' : involved === namespace
  if (namespace !== '' && !fits) {
    report.fault(['involvedObject', 'namespace'], invalid(involved, 'does not match event.namespace'))
  }
  const type = textAt(event, 'type')
  if (type !== '') report.fault(['type'], faultOfChoice(type, ['Normal', 'Warning']))
}
