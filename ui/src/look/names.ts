// A part with the dot after it. The middle dots that names of other peoples are written with: U+00B7 and what keyboards and old systems put for it.
const PARTS = /[^·•・‧∙]*[·•・‧∙]|[^·•・‧∙]+$/gu
/** A part this long gets its own line anyway; a longer one would not fit a narrow column whole. */
const PART_CHARS_MAX = 12

/**
 * A name in the parts at whose ends a line may break: 阿卜杜热合曼·买买提 as 阿卜杜热合曼· and 买买提. `whole` parts never
 * break within.
 */
export function nameParts(name: string): { text: string; whole: boolean }[] {
  return (name.match(PARTS) ?? []).map((text) => ({ text, whole: [...text].length <= PART_CHARS_MAX }))
}
