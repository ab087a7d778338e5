/** How many rows are shown or passed over together: the web view watches each block, and with 500 rows one by one it is busy watching. */
const ROWS_IN_BLOCK = 10

/** The rows of a long list, in blocks that follow each other. */
export function inBlocks<T>(rows: T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / ROWS_IN_BLOCK) }, (_, place) =>
    rows.slice(place * ROWS_IN_BLOCK, (place + 1) * ROWS_IN_BLOCK),
  )
}
