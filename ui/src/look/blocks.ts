/** How many rows are painted or passed over together: with 500 rows one by one the web view is busy passing over them. */
const ROWS_IN_BLOCK = 10

/** The rows of a long list, in blocks that follow each other. */
export function inBlocks<T>(rows: T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / ROWS_IN_BLOCK) }, (_, place) =>
    rows.slice(place * ROWS_IN_BLOCK, (place + 1) * ROWS_IN_BLOCK),
  )
}
