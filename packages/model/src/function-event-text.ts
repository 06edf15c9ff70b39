import type { BuildEvent } from './build-event.ts'

/** What became of a function, for a terminal; undefined for what is no news. */
export const functionEventText = (event: Extract<BuildEvent, { kind: 'function' }>): string | undefined => {
  const name = event.function
  switch (event.status) {
    case 'building':
      return `building ${name} …`
    case 'built':
      return `built ${name}${event.ms === undefined ? '' : ` in ${(event.ms / 1000).toFixed(2)} s`}`
    case 'reused':
      // That its image is there already is no news while it is not said what becomes of it.
      return event.url && `${name} is unchanged, and live at ${event.url}`
    case 'deploying':
      return `starting ${name} …`
    case 'live':
      return `${name} is live at ${event.url ?? ''}`
    case 'pinned':
      return `${name} stays where it was put by hand`
    case 'staged':
      return `${name} is built, and waits at ${event.url ?? ''}`
    case 'removed':
      return `${name} is removed`
    case 'failed':
      // The reason is the build's as well, which says it last.
      return `${name} failed`
  }
}
