import { answerReview, isReview } from '#apiserver/auth/access-review.ts'
import type { Discovery } from '#apiserver/discovery/discovery.ts'
import { RESOURCE_DEFINITION } from '#apiserver/discovery/resource-definitions.ts'
import { createObject } from '#apiserver/objects/create.ts'
import { decodeObject } from '#apiserver/objects/decode-object.ts'
import { deleteObject } from '#apiserver/objects/delete.ts'
import { deleteCollection } from '#apiserver/objects/delete-collection.ts'
import type { ServedKind } from '#apiserver/objects/kind-registry.ts'
import { APPLY_PATCH, patchObject } from '#apiserver/objects/patch.ts'
import { metadataOf } from '#apiserver/objects/prepare-metadata.ts'
import { listObjects, readObject } from '#apiserver/objects/read.ts'
import { hasScale, scaleObject, scaleOf } from '#apiserver/objects/scale.ts'
import { selects } from '#apiserver/objects/selection.ts'
import type { CollectionTarget, ObjectTarget } from '#apiserver/objects/target.ts'
import { updateObject } from '#apiserver/objects/update.ts'
import { ObjectWatch } from '#apiserver/objects/watch.ts'
import type { WriteContext, WriteResult } from '#apiserver/objects/write-context.ts'
import { readWriteOptions, type WriteOptions } from '#apiserver/objects/write-options.ts'
import { type ListOptions, parseListOptions } from '#kube/list-options.ts'
import { METADATA_FIELDS } from '#kube/selector.ts'
import { badRequest, methodNotAllowed, noSuchResource, notFound, success } from '#kube/status-errors.ts'
import { type DeleteOptions, parseDeleteOptions, type WriteVerb } from '#kube/write-options.ts'
import type { ResourceRequest } from './api-request.ts'
import { negotiate } from './negotiate.ts'
import { renderListing, renderObject, type View } from './render.ts'
import { jsonReply, type Reply, textReply } from './reply.ts'
import { ObjectWatchFeed } from './watch-feed.ts'

/** A watch that says nothing of its end is ended by the server some time between one and two of these. */
const WATCH_MS = 1_800_000
const MAX_WATCH_MS = 86_400_000

/** Answers what is asked of the objects of a kind. Throws a StatusError. */
export async function serveResource(
  context: WriteContext,
  discovery: Discovery,
  request: ResourceRequest,
): Promise<Reply> {
  const { group, resource, namespace, name, subresource, verb } = request.access
  if (isReview(group, resource)) return review(request)
  if (isDefinition(request)) return definition(discovery, request)
  const served = context.registry.find(group, request.version, resource)
  if (served === undefined || !isSubresourceOf(served, subresource)) throw noSuchResource()
  const target: ObjectTarget = { served, namespace: placeIn(served, namespace), name, subresource }
  if (subresource === 'scale') return scale(context, request, target)
  // A shape that cannot be answered in is refused before anything is written.
  const view = viewOf(request)
  const isEverywhere = target.namespace === '' && served.definition.scope === 'Namespaced'
  switch (verb) {
    case 'get':
      return textReply(renderObject(readObject(context.store, target), served, view))
    case 'list':
      return list(context, request, target, view)
    case 'watch':
      return watch(context, request, target, view)
    case 'create':
      if (isEverywhere || name !== '') break
      return written(await createObject(context, target, await request.body(), optionsOf(request, verb)), served, view)
    case 'update':
      if (name === '') break
      return written(await updateObject(context, target, await request.body(), optionsOf(request, verb)), served, view)
    case 'patch':
      if (name === '') break
      return patch(context, request, target, view)
    case 'delete':
      if (subresource !== '') break
      return deleted(context, request, target, view)
    case 'deletecollection':
      if (isEverywhere) break
      return deleteAll(context, request, target, view)
  }
  throw methodNotAllowed(group, resource, request.method.toLowerCase())
}

async function review(request: ResourceRequest): Promise<Reply> {
  const { group, resource, verb } = request.access
  if (request.version !== 'v1') throw noSuchResource()
  if (verb !== 'create') throw methodNotAllowed(group, resource, request.method.toLowerCase())
  const { object } = decodeObject(await request.body())
  return jsonReply(answerReview(request.user, group, resource, object), { code: 201 })
}

function isDefinition({ access, version }: ResourceRequest): boolean {
  const { definition, version: served } = RESOURCE_DEFINITION
  return access.group === definition.group && access.resource === definition.plural && version === served
}

/** Kinds are built in: their definitions can be read only. */
function definition({ definitions }: Discovery, request: ResourceRequest): Reply {
  const { name, verb, group, resource, subresource } = request.access
  const view = viewOf(request)
  if (subresource === '' && verb === 'get') {
    const found = definitions.find(({ key }) => key.name === name)
    if (found === undefined) throw notFound(group, resource, name)
    return textReply(renderObject(found, RESOURCE_DEFINITION, view))
  }
  if (verb !== 'list') throw methodNotAllowed(group, resource, request.method.toLowerCase())
  const options = listOptionsOf(request, RESOURCE_DEFINITION)
  const objects = definitions.filter(({ value }) => selects(options, value))
  const listing = { objects, revision: 1, continue: undefined, remaining: undefined }
  return textReply(renderListing(listing, RESOURCE_DEFINITION, view))
}

function isSubresourceOf({ definition }: ServedKind, subresource: string): subresource is ObjectTarget['subresource'] {
  return (
    subresource === '' ||
    (subresource === 'status' && definition.hasStatus) ||
    (subresource === 'scale' && hasScale(definition))
  )
}

async function scale(context: WriteContext, request: ResourceRequest, target: ObjectTarget): Promise<Reply> {
  const { group, resource, verb } = request.access
  const { served } = target
  if (verb === 'get') return jsonReply(scaleOf(readObject(context.store, target), served))
  if (verb !== 'update' && verb !== 'patch') throw methodNotAllowed(group, resource, request.method.toLowerCase())
  const options = optionsOf(request, verb)
  const { object, warnings } = await scaleObject(context, target, await request.body(), options, verb === 'patch')
  return jsonReply(scaleOf(object, served), { warnings })
}

/** /api/v1/namespaces/x is about the object x, which is in no namespace. */
function placeIn({ definition }: ServedKind, namespace: string): string {
  if (definition.scope === 'Namespaced') return namespace
  if (namespace !== '' && !(definition.group === '' && definition.plural === 'namespaces')) throw noSuchResource()
  return ''
}

function viewOf({ accept, query }: ResourceRequest): View {
  const includeObject = query.get('includeObject') ?? 'Metadata'
  if (includeObject !== 'None' && includeObject !== 'Metadata' && includeObject !== 'Object') {
    throw badRequest(`invalid value for includeObject: ${JSON.stringify(includeObject)}`)
  }
  return { representation: negotiate(accept), includeObject, now: new Date() }
}

function optionsOf({ query, userAgent }: ResourceRequest, verb: WriteVerb): WriteOptions {
  return readWriteOptions(query, verb, userAgent)
}

function listOptionsOf({ query }: ResourceRequest, { definition }: ServedKind): ListOptions {
  return parseListOptions(query, [...METADATA_FIELDS, ...(definition.selectableFields ?? [])])
}

function list({ store }: WriteContext, request: ResourceRequest, target: CollectionTarget, view: View): Reply {
  const listing = listObjects(store, target, listOptionsOf(request, target.served))
  return textReply(renderListing(listing, target.served, view))
}

function watch({ store }: WriteContext, request: ResourceRequest, target: CollectionTarget, view: View): Reply {
  const options = listOptionsOf(request, target.served)
  const objects = new ObjectWatch(store, target, options)
  const { allowWatchBookmarks: bookmarks, sendInitialEvents = false, timeoutMs = 0 } = options
  const feed = new ObjectWatchFeed(objects, target.served, () => ({ ...view, now: new Date() }), {
    bookmarks,
    marksInitialEnd: sendInitialEvents && bookmarks,
    timeoutMs: timeoutMs === 0 ? WATCH_MS * (1 + Math.random()) : Math.min(timeoutMs, MAX_WATCH_MS),
  })
  return { kind: 'watch', feed, warnings: [] }
}

async function patch(
  context: WriteContext,
  request: ResourceRequest,
  target: ObjectTarget,
  view: View,
): Promise<Reply> {
  const body = await request.body()
  const options = optionsOf(request, body.mediaType === APPLY_PATCH ? 'apply' : 'patch')
  return written(await patchObject(context, target, body, options), target.served, view)
}

async function deleteOptionsOf({ body, query }: ResourceRequest): Promise<DeleteOptions> {
  const { text, mediaType } = await body()
  return parseDeleteOptions(query, text.trim() === '' ? undefined : decodeObject({ text, mediaType }).object)
}

function written({ object, outcome, warnings }: WriteResult, served: ServedKind, view: View): Reply {
  return textReply(renderObject(object, served, view), { code: outcome === 'created' ? 201 : 200, warnings })
}

/** An object that is gone is answered with a Status; one that waits for its finalizers with itself. */
async function deleted(
  context: WriteContext,
  request: ResourceRequest,
  target: ObjectTarget,
  view: View,
): Promise<Reply> {
  const options = await deleteOptionsOf(request)
  const result = await deleteObject(context, target, options)
  if (result.outcome !== 'deleted') return written(result, target.served, view)
  const { group, plural } = target.served.definition
  const { uid } = metadataOf(result.object.value)
  return jsonReply(success(group, plural, target.name, typeof uid === 'string' ? uid : undefined))
}

async function deleteAll(
  context: WriteContext,
  request: ResourceRequest,
  target: CollectionTarget,
  view: View,
): Promise<Reply> {
  const options = await deleteOptionsOf(request)
  const listing = listObjects(context.store, target, listOptionsOf(request, target.served))
  await deleteCollection(context, target, listing.objects, options)
  return textReply(renderListing(listing, target.served, view))
}
