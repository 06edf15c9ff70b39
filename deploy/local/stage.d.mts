export class SetupError extends Error {}
export const stage: <T>(name: string, work: (note: (text: string) => void) => T | Promise<T>) => Promise<T>
