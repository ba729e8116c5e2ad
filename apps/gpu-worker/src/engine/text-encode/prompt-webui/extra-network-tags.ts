const tag = /<[\p{L}\p{N}_]+:[^>]+>/gu

/** Cuts `<lora:name:1>` and its like out of a prompt; what stood around them stays, blanks included. */
export function removeExtraNetworkTags(prompt: string): string {
  // Behind the last bracket no tag can end: looking for its end from every beginning would take for ever.
  const end = prompt.lastIndexOf('>') + 1
  return prompt.slice(0, end).replace(tag, '') + prompt.slice(end)
}
