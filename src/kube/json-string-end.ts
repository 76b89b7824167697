const [QUOTE, BACKSLASH] = [0x22, 0x5c]

/** The index of the quote that ends the JSON string which begins at `at`; the text's length when nothing ends it. */
export function jsonStringEnd(text: string, at: number): number {
  let end = at + 1
  while (end < text.length) {
    const unit = text.charCodeAt(end)
    if (unit === QUOTE) return end
    end += unit === BACKSLASH ? 2 : 1
  }
  return text.length
}
