export const withLock: <T>(name: string, work: () => T | Promise<T>, onWait?: () => void) => Promise<T>
export const tryLock: (name: string) => Promise<(() => void) | undefined>
