import type { CodeView } from '../bindings/CodeView'
import type { Places } from '../bindings/Places'

/** What a list offers: a heading, or a choice with how many rows it would leave. */
export interface Choice {
  key: string
  text: string
  count?: number
  head?: boolean
}

/** Those whose text has what was typed, under their headings. */
export function choicesFor(choices: Choice[], needle: string): Choice[] {
  const sought = needle.trim().toLowerCase()
  if (!sought) return choices
  const found: Choice[] = []
  let head: Choice | undefined
  for (const choice of choices) {
    if (choice.head) {
      head = choice
    } else if (choice.text.toLowerCase().includes(sought)) {
      if (head) found.push(head)
      head = undefined
      found.push(choice)
    }
  }
  return found
}

/**
 * The list that is offered already, while it offers the same. A new one would be drawn anew and begin at its top, under the
 * finger of somebody who is choosing.
 */
export function keptIfSame(before: Choice[] | undefined, now: Choice[]): Choice[] {
  const same = (one: Choice, other: Choice | undefined) =>
    one.key === other?.key && one.text === other.text && one.count === other.count && one.head === other.head
  return before && before.length === now.length && now.every((choice, place) => same(choice, before[place])) ? before : now
}

/** A list of codes in the person's language. */
export function codeChoices(codes: CodeView[] | undefined, locale: string): Choice[] {
  return (codes ?? []).filter(({ hidden }) => !hidden).map((code) => ({ key: code.key, text: locale === 'en' ? code.en : code.zh }))
}

/** The person's villages under their townships. */
export function villageChoices(places: Places | null): Choice[] {
  return (places?.townships ?? []).flatMap((township) => {
    const villages = township.villages.filter((village) => village.mine)
    return villages.length
      ? [
          { key: township.code, text: township.name, head: true },
          ...villages.map((village) => ({ key: village.code, text: village.name })),
        ]
      : []
  })
}

/** Classes under their schools. */
export function classChoices(places: Places | null): Choice[] {
  return (places?.schools ?? []).flatMap((school) => [
    { key: school.code, text: school.name, head: true },
    ...school.classes.map((one) => ({ key: one.id, text: one.name })),
  ])
}
