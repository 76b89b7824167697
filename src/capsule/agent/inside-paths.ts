/** Our own files inside the capsule, on its read-only /dev. */
export const ownDirectory = '/dev/.postern'

/** What is shown in place of a hidden file: connecting to it is refused. */
export const emptyFile = `${ownDirectory}/empty`

/** Says to a nested `postern run` where it is. */
export const capsuleMark = `${ownDirectory}/capsule`
