const MARKER = /\[(?:skip ci|ci skip|skip pushfn)\]/i

/** The words by which a commit's message, the whole of it, asks not to be built; undefined when it does not. */
export const skipMarker = (message: string): string | undefined => MARKER.exec(message)?.[0]
