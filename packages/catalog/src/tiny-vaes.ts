/** Tiny autoencoders (TAESD) by the names that ComfyUI's loader lists: each is two files of that beginning. */
export const TINY_VAES = ['taesd', 'taesdxl'] as const

const EXTENSIONS = ['.safetensors', '.sft', '.pth', '.pt', '.bin']

/** Whether a name stands for a tiny autoencoder. */
export function isTinyVae(name: string): boolean {
  return (TINY_VAES as readonly string[]).includes(name)
}

/** Names that one half's file may have. */
export function listTinyVaeFiles(name: string, half: 'encoder' | 'decoder'): string[] {
  return EXTENSIONS.map((extension) => `${name}_${half}${extension}`)
}
