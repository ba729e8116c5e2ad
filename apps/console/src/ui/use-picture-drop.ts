import { useState } from 'preact/hooks'

/** Takes pictures that are dropped on an element, and says whether one hangs over it. */
export function usePictureDrop(onPicture: (file: File) => void) {
  const [depth, setDepth] = useState(0)
  const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true
  return {
    isOver: depth > 0,
    handlers: {
      onDragEnter: (event: DragEvent) => hasFile(event) && setDepth((now) => now + 1),
      onDragLeave: (event: DragEvent) => hasFile(event) && setDepth((now) => Math.max(0, now - 1)),
      onDragOver: (event: DragEvent) => hasFile(event) && event.preventDefault(),
      onDrop: (event: DragEvent) => {
        setDepth(0)
        const file = event.dataTransfer?.files[0]
        // An element inside has taken it already.
        if (file === undefined || event.defaultPrevented) return
        event.preventDefault()
        onPicture(file)
      },
    },
  }
}
