/** What to call a commit: the first line of its message. */
export const firstLine = (message: string): string => message.split('\n', 1)[0]?.trim() || '(no message)'

/** `main` of `refs/heads/main` */
export const branchOf = (ref: string): string => ref.replace(/^refs\/(heads|tags)\//, '')
