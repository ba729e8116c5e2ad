const tag = /<[\p{L}\p{N}_]+:[^>]+>/gu

/** Cuts `<lora:name:1>` and its like out of a prompt; what stood around them stays, blanks included. */
export function removeExtraNetworkTags(prompt: string): string {
  return prompt.replace(tag, '')
}
