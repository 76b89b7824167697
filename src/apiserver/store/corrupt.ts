import { Fault } from '#base/fault.ts'

/** A database that is not what was written into it: a Fault `store/corrupt`, to be thrown. */
export function corrupt(path: string, reason: string, cause?: unknown): Fault {
  return new Fault('store/corrupt', `the database "${path}" is damaged: ${reason}`, {
    mend: 'put a backup in its place: postern restore FILE --force (the damaged one is kept beside it)',
    cause,
  })
}
