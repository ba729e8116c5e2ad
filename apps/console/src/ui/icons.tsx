/** Strokes of each icon on a grid of 24. */
const PATHS = {
  stop: 'M7 7h10v10H7z',
  skip: 'M6 6l8 6-8 6zM18 6v12',
  close: 'M6 6l12 12M18 6L6 18',
  download: 'M12 4v11m0 0l-4-4m4 4l4-4M5 20h14',
  reuse: 'M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5',
  seed: 'M5 4h14v16H5zM9.3 9.2a.6.6 0 1 0 .01 0M14.7 14.6a.6.6 0 1 0 .01 0M12 11.9a.6.6 0 1 0 .01 0',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01',
  enlarge: 'M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7',
  copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5',
  swap: 'M7 4L3 8l4 4M3 8h14M17 12l4 4-4 4M21 16H7',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M19 5l-1.4 1.4M6.4 17.6L5 19',
  moon: 'M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z',
  auto: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 3v18M12 8h7M12 12h9M12 16h7',
  plus: 'M12 5v14M5 12h14',
  undo: 'M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3',
  leave: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
} as const

/** Name of an icon. */
export type IconName = keyof typeof PATHS

/** A small drawing beside or in the place of a word; it says nothing to those who cannot see it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
