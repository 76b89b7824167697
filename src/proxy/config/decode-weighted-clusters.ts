import type { WeightedCluster } from './model.ts'
import type { Place } from './place.ts'

/** Leaves out weights of 0, which receive nothing; undefined, and an error, when nothing remains. */
export function decodeWeightedClusters(
  clusters: readonly { readonly name: string; readonly weight?: number | undefined }[],
  place: Place,
): readonly [WeightedCluster, ...WeightedCluster[]] | undefined {
  for (const [index, { name }] of clusters.entries())
    if (name === '') place.at(`clusters[${index}].name`).error('is empty')
  const [first, ...others] = clusters
    .filter((cluster) => (cluster.weight ?? 0) > 0)
    .map(({ name, weight }) => ({ name, weight: weight ?? 0 }))
  if (first !== undefined) return [first, ...others]
  place.at('clusters').error('the weights must sum up to 1 or more')
  return undefined
}
