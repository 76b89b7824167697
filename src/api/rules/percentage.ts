/** Rules about percentages (spec 1.3, validation 10, 11). Each returns what is wrong, or undefined. */

/** 0 to 100. */
export function faultOfPercent(value: number): string | undefined {
  return value >= 0 && value <= 100 ? undefined : `percentage ${value} is not in range 0..100`
}

/** 0, or what a fraction of a million can express: 0.0001 to 100. */
export function faultOfFinePercent(value: number): string | undefined {
  if (value === 0 || (value >= 0.0001 && value <= 100)) return undefined
  return `percentage ${value} is neither 0.0, nor in range [0.0001, 100.0]`
}
