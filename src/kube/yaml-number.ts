/** Go's reading of decimal digits with a point or an exponent (strconv.ParseFloat, as go-yaml v2 lets it see them). */
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
/** A whole number with a prefix that names its base; a mere 0 in front is octal too, as in C. */
const PREFIXED = /^([-+]?)0(?:[xX]([0-9a-fA-F]+)|[bB]([01]+)|[oO]?([0-7]+))$/

/** Plain scalars that may be numbers: everything else that begins so is a string. */
export const MAYBE_NUMBER = /^[-+.0-9]/

/**
 * What a plain scalar that begins as a number is to kubectl, whose reader is go-yaml v2: a number, or the text itself. "." and "-" are text,
 * ".5", "1e3", "1_000", "0x1F", "0o17" and "017" are numbers, "1:30" and "2001-01-01" are text.
 */
export function numberOrText(text: string): number | string {
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return Number.NaN
  // Behind a leading point go-yaml leaves underscores alone, and they make no number.
  const digits = text.startsWith('.') ? text : text.replaceAll('_', '')
  const [, sign, hexadecimal, binary, octal] = PREFIXED.exec(digits) ?? []
  const whole =
    hexadecimal !== undefined
      ? Number.parseInt(hexadecimal, 16)
      : binary !== undefined
        ? Number.parseInt(binary, 2)
        : octal !== undefined
          ? Number.parseInt(octal, 8)
          : undefined
  if (whole !== undefined) return sign === '-' ? -whole : whole
  if (!DECIMAL.test(digits)) return text
  const number = Number(digits)
  // What is too large for a float is no float to Go.
  return Number.isFinite(number) ? number : text
}
