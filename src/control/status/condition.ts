/** meta/v1 Condition, as `kubectl wait --for=condition=TYPE` reads it. */
export interface Condition {
  readonly type: 'Accepted' | 'Enforced'
  readonly status: 'True' | 'False'
  /** The generation that this is about: a condition of an older one counts for nothing. */
  readonly observedGeneration: number
  readonly reason: string
  readonly message: string
  /** RFC 3339; when `status` changed last. */
  readonly lastTransitionTime: string
}

/** What a condition says, before it is known of which generation and since when. */
export type Verdict = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

/** All of an object has effect. */
export const ACCEPTED: Verdict = {
  type: 'Accepted',
  status: 'True',
  reason: 'Accepted',
  message: 'all of it has effect',
}

/** The condition that a verdict on this generation makes; the time is kept from `before`, a status, where the verdict is what it was. */
export function conditionOf(verdict: Verdict, generation: number, before: unknown, now: Date): Condition {
  const earlier = conditionsIn(before).find(({ type }) => type === verdict.type)
  const since = earlier?.status === verdict.status ? earlier.lastTransitionTime : undefined
  return {
    ...verdict,
    observedGeneration: generation,
    lastTransitionTime: since ?? `${now.toISOString().slice(0, 19)}Z`,
  }
}

/** The conditions that a status holds, whoever wrote it. */
export function conditionsIn(status: unknown): readonly Partial<Condition>[] {
  const conditions = (status as { readonly conditions?: unknown } | undefined)?.conditions
  return Array.isArray(conditions) ? (conditions as Partial<Condition>[]) : []
}
